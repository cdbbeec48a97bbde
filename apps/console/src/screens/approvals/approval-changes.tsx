/** How the arguments differ from those of the last held call of the same tool by the same agent. @module */
import { Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { canonicalize } from '../../../../server/pages/shown.js'
import { lineChanges, type LineChange } from '../../parts/line-changes.ts'
import { jsonLines, Seen, type Line } from '../../parts/seen.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Answer } from '../../parts/states.tsx'
import { dateTime } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { approvalQuery, beforeQuery, lastSimilar, type Shown } from './approval-queries.ts'

const t = words.approvals
const SIGN = { same: ' ', added: '+', removed: '−' } as const

export function ApprovalChanges({ approval }: { approval: Shown['approval'] }) {
  const all = useQuery(beforeQuery(approval))
  return (
    <Stack gap="xs" component="section">
      <Title order={2}>{t.changes}</Title>
      <Answer of={all}>
        {({ approvals }) => {
          const last = lastSimilar(approvals, approval)
          if (last === null) return <Text c="dimmed">{t.changesNone}</Text>
          return <Since id={last.id} now={approval} />
        }}
      </Answer>
    </Stack>
  )
}

function Since({ id, now }: { id: string; now: Shown['approval'] }) {
  const last = useQuery({ ...approvalQuery(id), staleTime: Infinity })
  return (
    <Answer of={last}>
      {({ approval: before }) => {
        if (before.opening === null || now.opening === null) return <Text c="dimmed">{t.changesErased}</Text>
        const when = dateTime(before.requested)
        const link = (
          <TextLink to="/approvals/$id" params={{ id }} size="sm">
            {t.changesWith(when, t.was[before.status])}
          </TextLink>
        )
        if (canonicalize(before.opening.args) === canonicalize(now.opening.args))
          return <Text c="dimmed">{t.changesSame(when)}</Text>
        const changes = lineChanges(jsonLines(before.opening.args), jsonLines(now.opening.args), (line) =>
          JSON.stringify(line),
        )
        return (
          <>
            {link}
            {changes === null ? <Text c="dimmed">{t.changesLong}</Text> : <Changes of={changes} />}
          </>
        )
      }}
    </Answer>
  )
}

function Changes({ of }: { of: readonly LineChange<Line>[] }) {
  return (
    <pre className="lines" tabIndex={0} aria-label={t.changes}>
      {of.map(({ op, line }, at) => {
        const text = (
          <>
            {SIGN[op]} <Seen of={line} />
            {'\n'}
          </>
        )
        if (op === 'added')
          return (
            <ins key={at} data-line>
              {text}
            </ins>
          )
        if (op === 'removed')
          return (
            <del key={at} data-line>
              {text}
            </del>
          )
        return (
          <span key={at} data-line>
            {text}
          </span>
        )
      })}
    </pre>
  )
}
