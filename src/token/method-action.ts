/**
 * Actions that name a method of MCP and never a tool. spec/mcp.md (MCP-7). A closed list of families, so that whoever
 * reads a grant or a receipt, years later too, tells one from the other by its name.
 * @module
 */

const FAMILIES = ['completion/', 'prompts/', 'resources/', 'tasks/'] as const

export function isMethodAction(action: string): boolean {
  return FAMILIES.some((family) => action.startsWith(family))
}
