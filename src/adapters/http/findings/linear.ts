/** Linear: issues of its GraphQL API. docs/connectors.md has the sources. @module */
import { z } from 'zod'
import type { Finding, FindingsService } from '../../../ports/findings.ts'
import { FindingsClient, type FindingsClientOptions } from './client.ts'
import { graphql } from './graphql.ts'
import { keepAll, textOf, type Shelf } from './keep.ts'

export const LINEAR_URL = 'https://api.linear.app'
const PATH = '/graphql'
const PAGE = 50

export const linearSettings = z.strictObject({
  url: z.string().default(LINEAR_URL),
  /** A personal API key. */
  token: z.string().min(1),
  /** Identifier of the team, a UUID. */
  team: z.string().min(1),
})
type Settings = z.infer<typeof linearSettings>

/** An issue takes an identifier from who makes it: ours says which finding it is. Only findings become issues. */
export function linearFindings(settings: Settings, pause?: FindingsClientOptions['pause']): FindingsService {
  const { url, token } = settings
  // A personal key goes without "Bearer".
  const client = new FindingsClient({
    service: 'Linear',
    url,
    headers: { authorization: token },
    ...(pause && { pause }),
  })
  return {
    takes: new Set(['finding']),
    push: (findings, signal) => keepAll(client, issues(client, settings, findings), findings, signal),
  }
}

/** The identifier as a UUID: of version 4 by its form, though nothing of it is random. */
export function uuidOf({ id }: Pick<Finding, 'id'>): string {
  const digits = id.slice('csn-'.length)
  const variant = '89ab'[Number.parseInt(digits.charAt(16), 16) % 4] ?? '8'
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-')
}

const FIND = `query ($ids: [ID!], $first: Int!) {
  issues(filter: {id: {in: $ids}}, first: $first, includeArchived: true) { nodes { id } } }`
const CREATE = 'mutation ($input: IssueCreateInput!) { issueCreate(input: $input) { success } }'
const UPDATE =
  'mutation ($id: String!, $input: IssueUpdateInput!) { issueUpdate(id: $id, input: $input) { success } }'
const foundSchema = z.object({ issues: z.object({ nodes: z.array(z.object({ id: z.string() })) }) })
const doneSchema = z.record(z.string(), z.looseObject({ success: z.literal(true) }))

function issues(client: FindingsClient, { team }: Settings, findings: readonly Finding[]): Shelf {
  const told = (finding: Finding): object => ({ title: finding.title, description: textOf(finding) })
  return {
    known: async (signal) => {
      const known = new Map<string, string>()
      const ours = new Map(findings.map((finding) => [uuidOf(finding), finding.id]))
      const all = [...ours.keys()]
      for (let at = 0; at < all.length; at += PAGE) {
        const variables = { ids: all.slice(at, at + PAGE), first: PAGE }
        const { issues: page } = await graphql(
          client,
          PATH,
          { query: FIND, variables, data: foundSchema },
          signal,
        )
        for (const { id } of page.nodes) {
          const finding = ours.get(id)
          if (finding !== undefined) known.set(finding, id)
        }
      }
      return known
    },
    make: async (finding, signal) => {
      const input = { id: uuidOf(finding), teamId: team, ...told(finding) }
      await graphql(client, PATH, { query: CREATE, variables: { input }, data: doneSchema }, signal)
    },
    change: async (id, finding, signal) => {
      const variables = { id, input: told(finding) }
      await graphql(client, PATH, { query: UPDATE, variables, data: doneSchema }, signal)
    },
  }
}
