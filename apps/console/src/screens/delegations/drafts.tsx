/** Drafts in which the reader has a part: what waits for whose signature. @module */
import { useQuery } from '@tanstack/react-query'
import { TextLink } from '../../parts/link.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty, Failed } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { ApiFault } from '../../api/client.ts'
import { useSession, whyNot, type Session } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames, type Names } from '../agents/names.ts'
import { draftsQuery, type DraftRow } from './queries.ts'

const t = words.delegations
const AGAIN_MS = 10_000

export function Drafts() {
  const session = useSession()
  const refuse = whyNot(session, 'delegate')
  const drafts = useQuery({ ...draftsQuery, refetchInterval: AGAIN_MS, enabled: refuse === null })
  const names = useNames()
  if (refuse !== null) return <Failed error={new ApiFault('FORBIDDEN', refuse, 403)} />
  return (
    <Answer
      of={drafts}
      empty={(data) => data.drafts.length === 0}
      nothing={
        <Empty title={t.noDrafts} next={<TextLink to="/delegations/new">{t.authorize}</TextLink>}>
          {t.noDraftsText}
        </Empty>
      }
    >
      {(data) => (
        <Rows
          label={t.tabs.drafts}
          rows={data.drafts}
          columns={columns(names, session)}
          keyOf={({ jti }) => jti}
        />
      )}
    </Answer>
  )
}

function columns(names: Names, { person }: Session): readonly Column<DraftRow>[] {
  return [
    {
      name: t.agent,
      width: 'minmax(10rem, 1.4fr)',
      cell: ({ jti, agent }) => (
        <TextLink to="/delegations/drafts/$jti" params={{ jti }}>
          {names.of(agent)}
        </TextLink>
      ),
    },
    { name: t.principal, width: 'minmax(9rem, 1fr)', cell: ({ principal }) => names.of(principal) },
    {
      name: t.yourPart,
      width: '9rem',
      cell: ({ answers }) => {
        const own = answers.find((one) => one.person === person.id)
        return own === undefined ? '–' : <State of={own.answer} label={t.answers[own.answer]} />
      },
    },
    { name: t.missing, width: '9rem', cell: ({ missing }) => t.missingText(missing) },
    { name: t.expires, width: '12rem', cell: ({ expires }) => <Time at={expires} /> },
  ]
}
