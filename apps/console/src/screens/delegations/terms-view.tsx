/** For how long, where, handed on how often, and signed by whom. @module */
import { Text } from '@mantine/core'
import { duration } from '../../../../server/pages/plain.js'
import { TextLink } from '../../parts/link.tsx'
import { Pairs, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { useNames } from '../agents/names.ts'
import type { Terms } from './chain-model.ts'
import type { DelegationRow } from './queries.ts'

const t = words.delegations

/** Of a root, as it was signed. */
interface RootPayload {
  readonly nbf: number
  readonly exp: number
  readonly aud: readonly string[]
  readonly depth_max: number
  readonly quorum?: { readonly m: number; readonly of: readonly string[] }
}

export function TermsView({
  row,
  payload,
  signers,
}: {
  row: DelegationRow
  payload: Readonly<Record<string, unknown>> | null
  signers: Terms['signers']
}) {
  const names = useNames()
  const root = payload as RootPayload | null
  return (
    <Pairs
      of={[
        [
          t.agent,
          <TextLink key="agent" to="/agents/$id" params={{ id: row.agent }}>
            {names.of(row.agent)}
          </TextLink>,
        ],
        [t.principal, names.of(row.principal)],
        [t.issued, <Time key="issued" at={row.issued} />],
        [t.ends, <Time key="ends" at={row.exp * 1000} />],
        ...(root === null
          ? []
          : ([
              [t.lasts, t.lastsUntil(duration(root.exp - root.nbf))],
              [t.where, root.aud.map((id) => names.of(id)).join(', ')],
              [t.handOn, root.depth_max === 0 ? t.handOnNever : t.handOnTimes(root.depth_max)],
            ] as const)),
        [
          t.signed,
          <span key="signed">
            {signers.map(({ person, role }) => (
              <Text key={person} component="div">
                {names.of(person)}
                {role === 'approver' && `, ${t.roles.approver}`}
              </Text>
            ))}
            {root?.quorum !== undefined && (
              <Text size="sm" c="dimmed">
                {t.quorum(root.quorum.m, root.quorum.of.map((rev) => names.of(rev)).join(', '))}
              </Text>
            )}
          </span>,
        ],
        ...(row.consent === null
          ? []
          : [
              [
                t.consent,
                <Text key="consent" className="mono">
                  {row.consent}
                </Text>,
              ] as const,
            ]),
      ]}
    />
  )
}
