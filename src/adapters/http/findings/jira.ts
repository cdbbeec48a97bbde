/** Jira Cloud: issues of its REST API v3. docs/connectors.md has the sources. @module */
import { z } from 'zod'
import type { Finding, FindingsService } from '../../../ports/findings.ts'
import { FindingsClient, type FindingsClientOptions } from './client.ts'
import { keepAll, PAGES_MAX, type Shelf } from './keep.ts'

const LABEL = 'countersign'
const PAGE = 100
/** Of a summary. */
const SUMMARY_CHARS_MAX = 255

export const jiraSettings = z.strictObject({
  /** Such as https://example.atlassian.net. */
  url: z.string(),
  email: z.string().min(3),
  token: z.string().min(1),
  project: z.string().regex(/^[A-Z][A-Z0-9_]{1,31}$/, 'the key of a project, such as SEC'),
  issue_type: z.string().min(1).max(64).default('Task'),
})
type Settings = z.infer<typeof jiraSettings>

/** An issue carries the label `countersign` and one that is the identifier. Only findings become issues. */
export function jiraFindings(settings: Settings, pause?: FindingsClientOptions['pause']): FindingsService {
  const { url, email, token } = settings
  const headers = { authorization: `Basic ${Buffer.from(`${email}:${token}`).toString('base64')}` }
  const client = new FindingsClient({ service: 'Jira', url, headers, ...(pause && { pause }) })
  const shelf = issues(client, settings)
  return { takes: new Set(['finding']), push: (findings, signal) => keepAll(client, shelf, findings, signal) }
}

const found = z.looseObject({
  issues: z.array(
    z.looseObject({ id: z.string(), fields: z.looseObject({ labels: z.array(z.string()).default([]) }) }),
  ),
  nextPageToken: z.string().nullish(),
})

function issues(client: FindingsClient, { project, issue_type }: Settings): Shelf {
  return {
    known: async (signal) => {
      const known = new Map<string, string>()
      let nextPageToken: string | undefined
      for (let read = 0; read < PAGES_MAX; read++) {
        const jql = `project = "${project}" AND labels = "${LABEL}" ORDER BY key ASC`
        const asked = { jql, fields: ['labels'], maxResults: PAGE, ...(nextPageToken && { nextPageToken }) }
        const { json } = await client.send('POST', '/rest/api/3/search/jql', asked, signal)
        const answer = found.safeParse(json)
        if (!answer.success)
          throw client.fault('FINDINGS_ANSWER_INVALID', 'answers otherwise than its documentation says')
        for (const { id, fields } of answer.data.issues)
          for (const label of fields.labels) if (label.startsWith('csn-')) known.set(label, id)
        nextPageToken = answer.data.nextPageToken ?? undefined
        if (nextPageToken === undefined) return known
      }
      throw client.fault(
        'FINDINGS_REFUSED',
        `has more than ${PAGES_MAX * PAGE} issues labelled ${LABEL}: push to another project`,
      )
    },
    make: async (finding, signal) => {
      const fields = {
        project: { key: project },
        issuetype: { name: issue_type },
        labels: [LABEL, finding.id],
        ...told(finding),
      }
      await client.send('POST', '/rest/api/3/issue', { fields }, signal)
    },
    // Labels, status and assignee are people's by now.
    change: async (id, finding, signal) => {
      await client.send(
        'PUT',
        `/rest/api/3/issue/${encodeURIComponent(id)}`,
        { fields: told(finding) },
        signal,
      )
    },
  }
}

/** A description is a document in Atlassian's format. */
function told({ title, lines, url }: Finding): object {
  const paragraph = (text: string): object => ({ type: 'paragraph', content: [{ type: 'text', text }] })
  const link = (href: string): object => ({
    type: 'paragraph',
    content: [{ type: 'text', text: href, marks: [{ type: 'link', attrs: { href } }] }],
  })
  const content = [...lines.map(paragraph), ...(url === null ? [] : [link(url)])]
  return { summary: title.slice(0, SUMMARY_CHARS_MAX), description: { type: 'doc', version: 1, content } }
}
