/** Probo: internal controls and tasks of its GraphQL API. docs/connectors.md has the sources. @module */
import { z } from 'zod'
import type { Finding, FindingsService } from '../../../ports/findings.ts'
import { FindingsClient, type FindingsClientOptions } from './client.ts'
import { graphql } from './graphql.ts'
import { keepAll, markedId, PAGES_MAX, textOf, type Shelf } from './keep.ts'

const PATH = '/api/console/v1/graphql'
const PAGE = 100
/** Under which controls of ours are listed. */
const CATEGORY = 'Countersign'

export const proboSettings = z.strictObject({
  /** Of the installation. */
  url: z.string(),
  token: z.string().min(1),
  organization: z.string().min(1),
})
type Settings = z.infer<typeof proboSettings>

/** Results become internal controls, whose state is left to people; deviations become tasks. */
export function proboFindings(settings: Settings, pause?: FindingsClientOptions['pause']): FindingsService {
  const { url, token } = settings
  const headers = { authorization: `Bearer ${token}` }
  const client = new FindingsClient({ service: 'Probo', url, headers, ...(pause && { pause }) })
  const [controls, tasks] = [controlShelf(client, settings), taskShelf(client, settings)]
  return {
    takes: new Set(['control', 'finding', 'pack']),
    push: async (findings, signal) => {
      const isTask = ({ kind }: Finding): boolean => kind === 'finding'
      const a = await keepAll(
        client,
        controls,
        findings.filter((one) => !isTask(one)),
        signal,
      )
      const b = await keepAll(client, tasks, findings.filter(isTask), signal)
      return {
        sent: a.sent + b.sent,
        created: (a.created ?? 0) + (b.created ?? 0),
        updated: (a.updated ?? 0) + (b.updated ?? 0),
      }
    },
  }
}

const pageSchema = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() })
const rowSchema = z.object({ id: z.string(), text: z.string().nullish() })

const dataSchema = z.object({
  node: z.object({
    rows: z.object({ edges: z.array(z.object({ node: rowSchema })), pageInfo: pageSchema }),
  }),
})
type Data = z.infer<typeof dataSchema>

/** All rows of a list of the organization that have a mark of ours. */
async function marked(
  client: FindingsClient,
  { organization }: Settings,
  list: { readonly field: string; readonly filter: string; readonly text: string },
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const known = new Map<string, string>()
  const query = `query ($id: ID!, $first: Int!, $after: CursorKey) {
    node(id: $id) { ... on Organization { rows: ${list.field}(first: $first, after: $after${list.filter}) {
      edges { node { id text: ${list.text} } } pageInfo { hasNextPage endCursor } } } } }`
  let after: string | null = null
  for (let read = 0; read < PAGES_MAX; read++) {
    const variables: object = { id: organization, first: PAGE, after }
    const asked = { query, variables, data: dataSchema }
    const { node } = await graphql<Data>(client, PATH, asked, signal)
    for (const { node: found } of node.rows.edges) {
      const ours = markedId(found.text)
      if (ours !== null) known.set(ours, found.id)
    }
    after = node.rows.pageInfo.endCursor ?? null
    if (!node.rows.pageInfo.hasNextPage || after === null) return known
  }
  throw client.fault(
    'FINDINGS_REFUSED',
    `has more than ${PAGES_MAX * PAGE} ${list.field}: push to an organization with fewer`,
  )
}

function controlShelf(client: FindingsClient, settings: Settings): Shelf {
  const list = {
    field: 'internalControls',
    filter: `, filter: {category: "${CATEGORY}"}`,
    text: 'description',
  }
  const mutate = (query: string, input: object, signal: AbortSignal): Promise<unknown> =>
    graphql(client, PATH, { query, variables: { input }, data: z.looseObject({}) }, signal)
  return {
    known: (signal) => marked(client, settings, list, signal),
    make: async (finding, signal) => {
      const { organization: organizationId } = settings
      const code = String(finding.properties.reference)
      const input = {
        organizationId,
        name: finding.title,
        description: textOf(finding),
        category: CATEGORY,
        code,
      }
      await mutate(
        'mutation ($input: CreateInternalControlInput!) { createInternalControl(input: $input) { internalControlEdge { node { id } } } }',
        input,
        signal,
      )
    },
    change: async (id, finding, signal) => {
      await mutate(
        'mutation ($input: UpdateInternalControlInput!) { updateInternalControl(input: $input) { internalControl { id } } }',
        { id, name: finding.title, description: textOf(finding) },
        signal,
      )
    },
  }
}

function taskShelf(client: FindingsClient, settings: Settings): Shelf {
  const list = { field: 'tasks', filter: '', text: 'content' }
  const mutate = (query: string, input: object, signal: AbortSignal): Promise<unknown> =>
    graphql(client, PATH, { query, variables: { input }, data: z.looseObject({}) }, signal)
  return {
    known: (signal) => marked(client, settings, list, signal),
    make: async (finding, signal) => {
      const { organization: organizationId } = settings
      const input = { organizationId, name: finding.title, content: textOf(finding), priority: 'HIGH' }
      await mutate(
        'mutation ($input: CreateTaskInput!) { createTask(input: $input) { taskEdge { node { id } } } }',
        input,
        signal,
      )
    },
    // What people made of it, its state and priority, is theirs.
    change: async (taskId, finding, signal) => {
      await mutate(
        'mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { task { id } } }',
        { taskId, name: finding.title, content: textOf(finding) },
        signal,
      )
    },
  }
}
