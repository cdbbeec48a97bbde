/** GitHub: issues of a repository, REST API 2022-11-28. docs/connectors.md has the sources. @module */
import { z } from 'zod'
import type { Finding, FindingsService } from '../../../ports/findings.ts'
import { FindingsClient, type FindingsClientOptions } from './client.ts'
import { keepAll, markedId, markerOf, PAGES_MAX, type Shelf } from './keep.ts'

export const GITHUB_URL = 'https://api.github.com'
const LABEL = 'countersign'
const PAGE = 100
const TITLE_CHARS_MAX = 256

export const githubSettings = z.strictObject({
  url: z.string().default(GITHUB_URL),
  token: z.string().min(1),
  repository: z.string().regex(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, 'owner/name'),
})
type Settings = z.infer<typeof githubSettings>

/** An issue carries the label `countersign`, and the identifier in a comment of its text. Only findings become issues. */
export function githubFindings(settings: Settings, pause?: FindingsClientOptions['pause']): FindingsService {
  const { url, token } = settings
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
  }
  const client = new FindingsClient({ service: 'GitHub', url, headers, ...(pause && { pause }) })
  const shelf = issues(client, settings)
  return { takes: new Set(['finding']), push: (findings, signal) => keepAll(client, shelf, findings, signal) }
}

const listed = z.array(
  z.looseObject({ number: z.int(), body: z.string().nullish(), pull_request: z.unknown().optional() }),
)

function issues(client: FindingsClient, { repository }: Settings): Shelf {
  const path = `/repos/${repository}/issues`
  return {
    known: async (signal) => {
      const known = new Map<string, string>()
      for (let page = 1; page <= PAGES_MAX; page++) {
        const query = `?state=all&labels=${LABEL}&per_page=${PAGE}&page=${page}`
        const answer = listed.safeParse((await client.send('GET', path + query, undefined, signal)).json)
        if (!answer.success)
          throw client.fault('FINDINGS_ANSWER_INVALID', 'answers otherwise than its documentation says')
        for (const { number, body, pull_request } of answer.data) {
          const ours = markedId(body)
          // A pull request is listed as an issue, too.
          if (ours !== null && pull_request === undefined) known.set(ours, String(number))
        }
        if (answer.data.length < PAGE) return known
      }
      throw client.fault(
        'FINDINGS_REFUSED',
        `has more than ${PAGES_MAX * PAGE} issues labelled ${LABEL}: push to another repository`,
      )
    },
    make: async (finding, signal) => {
      await client.send('POST', path, { ...told(finding), labels: [LABEL] }, signal)
    },
    // Labels, state and assignees are people's by now.
    change: async (number, finding, signal) => {
      await client.send('PATCH', `${path}/${number}`, told(finding), signal)
    },
  }
}

function told(finding: Finding): { title: string; body: string } {
  const body = [...finding.lines, `<!-- ${markerOf(finding)} -->`].join('\n\n')
  return { title: finding.title.slice(0, TITLE_CHARS_MAX), body }
}
