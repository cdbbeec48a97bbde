/** Management's evaluations of deviations, drafted and signed. @module */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import { ActButton } from '../../../parts/act-button.tsx'
import { TextLink } from '../../../parts/link.tsx'
import { Rows } from '../../../parts/rows.tsx'
import { Answer, Empty } from '../../../parts/states.tsx'
import { State } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import { SignEvaluation } from '../evaluate.tsx'
import { useNames, useSeparated, type Evaluation } from '../read.ts'
import { Listed } from './parts.tsx'

const t = words.evidence.registers

export function Evaluations() {
  const session = useSession()
  const names = useNames()
  const isSeparated = useSeparated()
  const queries = useQueryClient()
  const [signing, setSigning] = useState<Evaluation | null>(null)
  const all = useQuery({ queryKey: ['evaluations'], queryFn: () => said(api.GET('/v1/evaluations')) })
  const refuse = ({ proposer }: Evaluation): string | null =>
    proposer === session.person.id && isSeparated
      ? words.evidence.notOwnEvaluation
      : whyNot(session, 'second.person')
  return (
    <Listed lead={t.leads.evaluations}>
      <Answer
        of={all}
        empty={(data) => data.evaluations.length === 0}
        nothing={<Empty title={t.evaluation.none}>{t.evaluation.noneText}</Empty>}
      >
        {(data) => (
          <Rows
            label={t.names.evaluations}
            rows={data.evaluations}
            keyOf={({ id }) => id}
            columns={[
              { name: t.entry, width: '5rem', cell: ({ proposal }) => <EntryLink index={proposal} /> },
              {
                name: t.evaluation.deviation,
                width: 'minmax(14rem, 2fr)',
                cell: ({ deviation }) => (
                  <TextLink
                    to="/evidence/tests/$number"
                    params={{ number: deviation.split('/')[0] ?? '1' }}
                    title={deviation}
                  >
                    {deviation}
                  </TextLink>
                ),
              },
              {
                name: t.evaluation.cause,
                width: 'minmax(12rem, 2fr)',
                cell: ({ said: { cause } }) => <span title={cause}>{cause}</span>,
              },
              {
                name: t.evaluation.proposer,
                width: 'minmax(8rem, 1fr)',
                cell: ({ proposer }) => names.get(proposer) ?? proposer,
              },
              {
                name: t.evaluation.signer,
                width: 'minmax(8rem, 1fr)',
                cell: ({ signer }) => (signer === null ? words.values.none : (names.get(signer) ?? signer)),
              },
              {
                name: t.status,
                width: '10rem',
                cell: (one) =>
                  one.signed === null ? (
                    <ActButton size="compact-xs" whyNot={refuse(one)} onClick={() => setSigning(one)}>
                      {t.evaluation.sign}
                    </ActButton>
                  ) : (
                    <State of="approved" label={t.evaluation.signed} />
                  ),
              },
            ]}
          />
        )}
      </Answer>
      {signing !== null && (
        <SignEvaluation
          of={signing}
          onDone={() => void queries.invalidateQueries({ queryKey: ['evaluations'] })}
          onClose={() => setSigning(null)}
        />
      )}
    </Listed>
  )
}
