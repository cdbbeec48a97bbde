/** What the log says about an agent: its life, what was found of it, what it did. @module */
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import { TextLink } from '../../parts/link.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { callName } from '../activity/call-name.ts'
import { explained } from '../activity/reasons.ts'
import type { AgentView } from './agents.tsx'
import { useNames, type Names } from './names.ts'

const t = words.agents
const PAGE = 100

interface Row {
  readonly index: number
  readonly entry: {
    readonly type: string
    readonly time: string
    readonly actor: { readonly id: string }
    readonly body: Receipt
  }
}
interface Receipt {
  /** Of a call, by the clock of its point. */
  readonly time?: string
  readonly action?: string
  readonly server?: string
  readonly tool?: string
  readonly decision?: keyof typeof t.decisions
  readonly reasons?: readonly string[]
  readonly reason?: string
}

export default function AgentTimeline({ agent }: { agent: AgentView }) {
  const names = useNames()
  const listed = useInfiniteQuery({
    queryKey: ['agents', agent.id, 'timeline'],
    queryFn: ({ pageParam }) =>
      said(
        api.GET('/v1/agents/{id}/timeline', {
          params: {
            path: { id: agent.id },
            query: { limit: PAGE, ...(pageParam !== null && { before: pageParam }) },
          },
        }),
      ),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }) => next,
  })
  const more = listed.hasNextPage ? () => void listed.fetchNextPage() : undefined
  return (
    <Answer
      of={listed}
      empty={({ pages }) => pages.every(({ entries }) => entries.length === 0)}
      nothing={
        <Empty
          title={t.timelineNone}
          next={
            more !== undefined && (
              <Button variant="default" loading={listed.isFetchingNextPage} onClick={more}>
                {t.further}
              </Button>
            )
          }
        >
          {t.timelineNoneText}
        </Empty>
      }
    >
      {({ pages }) => (
        <Rows
          label={t.timelineLead}
          // Entries as the log has them, by the schema of their type (src/log/entries.ts).
          rows={pages.flatMap(({ entries }) => entries as unknown as readonly Row[])}
          columns={columns(names)}
          keyOf={({ index }) => String(index)}
          more={more}
          loading={listed.isFetchingNextPage}
          height="calc(100dvh - 17rem)"
        />
      )}
    </Answer>
  )
}

function columns(names: Names): readonly Column<Row>[] {
  return [
    { name: t.what, width: 'minmax(14rem, 2fr)', cell: (row) => <What of={row} /> },
    {
      name: words.activity.reason,
      width: 'minmax(10rem, 1.5fr)',
      cell: ({ entry: { body } }) =>
        body.reasons?.map((code) => explained(code).what ?? code).join('; ') ||
        body.reason?.replaceAll('_', ' ') ||
        '–',
    },
    { name: t.by, width: 'minmax(8rem, 1fr)', cell: ({ entry }) => names.of(entry.actor.id) },
    {
      name: t.when,
      width: '12rem',
      // Of a decision as the list of activity has it: it came into the log later.
      cell: ({ entry: { type, time, body } }) => (
        <Time at={type === 'receipt' ? (body.time ?? time) : time} />
      ),
    },
    {
      name: t.index,
      width: '6rem',
      cell: ({ index }) => (
        <TextLink to="/log/$index" params={{ index: String(index) }}>
          {index}
        </TextLink>
      ),
    },
  ]
}

function What({ of: { index, entry } }: { of: Row }) {
  const { action, server, tool, decision } = entry.body
  if (entry.type !== 'receipt' || action === undefined || decision === undefined)
    return <State of={entry.type} label={sentence(entry.type)} />
  return (
    <>
      <State of={decision} label={words.activity.decisions[decision]} />{' '}
      <TextLink to="/activity/$action" params={{ action }} search={{ entry: index }}>
        {callName({ server: server ?? '', tool: tool ?? '' })}
      </TextLink>
    </>
  )
}

function sentence(type: string): string {
  return type.replaceAll(/[._]/g, ' ')
}
