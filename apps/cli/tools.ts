/** Tools and changes of them, as operators keep them. One function an act, as in operator.ts. spec/mcp.md. @module */
import { z } from 'zod'
import type { JsonObject } from '../../src/core/json.ts'
import { approveAt } from './operator.ts'
import type { Profile } from './profile.ts'

export interface ToolInput {
  readonly system: string
  readonly server: string
  readonly tool: string
  readonly definition_hash: string
  readonly measures: JsonObject
  readonly resources?: readonly string[]
  /** JCS of the definition. */
  readonly definition?: string
}

/** @returns its identifier, and that of the change when another definition is in force and stays so for now */
export async function registerTool(
  profile: Profile,
  tool: ToolInput,
): Promise<{ id: string; waiting?: string | undefined }> {
  const answer = await profile.client.post('/v1/tools', { ...tool })
  return z.object({ id: z.string(), waiting: z.string().optional() }).parse(answer)
}

const version = z.object({ definition_hash: z.string(), definition: z.string().nullable() })
const changeSchema = z.object({
  id: z.string(),
  server: z.string(),
  tool: z.string(),
  proposer: z.string(),
  was: version,
  becomes: version,
})
export type ToolChange = z.infer<typeof changeSchema>

/** Changes that wait. */
export async function listChanges(profile: Profile): Promise<ToolChange[]> {
  const answer = await profile.client.get('/v1/tools/changes')
  return z.object({ changes: z.array(changeSchema) }).parse(answer).changes
}

/** The tool is pinned to it from then on. */
export async function approveChange(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/tools/changes/${id}`, { act: 'tool.approve', change: id })
}
