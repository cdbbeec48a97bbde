/** Package manifests that name a framework for agents: code that may be one. spec/inventory.md (DSC-1). @module */
import { parse as parseToml } from 'smol-toml'
import { z } from 'zod'
import type { Item } from '../../../src/log/inventory-bodies.ts'
import { itemOf } from './found.ts'

const NPM = new Set([
  '@anthropic-ai/claude-agent-sdk',
  '@anthropic-ai/claude-code',
  '@google/adk',
  '@langchain/core',
  '@langchain/langgraph',
  '@mastra/core',
  '@modelcontextprotocol/client',
  '@modelcontextprotocol/sdk',
  '@openai/agents',
  '@strands-agents/sdk',
  'ai',
  'langchain',
  'llamaindex',
])
const PYPI = new Set([
  'agno',
  'autogen-agentchat',
  'claude-agent-sdk',
  'crewai',
  'google-adk',
  'langchain',
  'langgraph',
  'llama-index',
  'mcp',
  'openai-agents',
  'pyautogen',
  'pydantic-ai',
  'semantic-kernel',
  'smolagents',
  'strands-agents',
])

const named = z.record(z.string(), z.unknown()).catch({}).default({})
const npmSchema = z.object({
  name: z.string().default(''),
  dependencies: named,
  devDependencies: named,
  peerDependencies: named,
  optionalDependencies: named,
})
const list = z.array(z.string()).catch([]).default([])
const lists = z.record(z.string(), z.array(z.unknown())).catch({}).default({})
const poetry = z
  .object({ name: z.string().default(''), dependencies: named })
  .catch({ name: '', dependencies: {} })
const pySchema = z.object({
  project: z
    .object({ name: z.string().default(''), dependencies: list, 'optional-dependencies': lists })
    .catch({ name: '', dependencies: [], 'optional-dependencies': {} })
    .default({ name: '', dependencies: [], 'optional-dependencies': {} }),
  'dependency-groups': lists,
  tool: z
    .object({ poetry: poetry.default({ name: '', dependencies: {} }) })
    .catch({ poetry: { name: '', dependencies: {} } })
    .default({ poetry: { name: '', dependencies: {} } }),
})

export type Manifest = 'package.json' | 'pyproject.toml' | 'requirements.txt'

/**
 * @param where as it is shown; @param folder its folder's name, for what has no name of its own
 * @returns null when it names no framework
 * @throws {SyntaxError | ZodError} it does not read
 */
export function itemOfManifest(kind: Manifest, text: string, where: string, folder: string): Item | null {
  const { name, frameworks } = readers[kind](text)
  if (frameworks.length === 0) return null
  const called = name === '' ? folder : name
  return itemOf(
    { from: 'package', name: called, where },
    { kind: 'agent', name: called, origin: 'package', where, secret: 'unknown', scope: frameworks },
  )
}

interface Read {
  readonly name: string
  readonly frameworks: readonly string[]
}

const readers: Readonly<Record<Manifest, (text: string) => Read>> = {
  'package.json': (text) => {
    const { name, ...groups } = npmSchema.parse(JSON.parse(text))
    const names = Object.values(groups).flatMap((group) => Object.keys(group))
    return { name, frameworks: names.filter((each) => NPM.has(each)) }
  },
  'pyproject.toml': (text) => {
    const { project, tool, 'dependency-groups': groups } = pySchema.parse(parseToml(text))
    const extras = [...Object.values(project['optional-dependencies']), ...Object.values(groups)].flat()
    const wanted = [...project.dependencies, ...extras.filter((each) => typeof each === 'string')]
    const names = [...wanted.map(requirement), ...Object.keys(tool.poetry.dependencies).map(normal)]
    return { name: project.name || tool.poetry.name, frameworks: names.filter((each) => PYPI.has(each)) }
  },
  'requirements.txt': (text) => {
    const names = text.split('\n').map(requirement)
    return { name: '', frameworks: names.filter((each) => PYPI.has(each)) }
  },
}

/** The name at the start of a requirement (PEP 508), normalized (PEP 503). */
function requirement(line: string): string {
  return normal(/^\s*([A-Za-z0-9][\w.-]*)/.exec(line)?.[1] ?? '')
}

function normal(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}
