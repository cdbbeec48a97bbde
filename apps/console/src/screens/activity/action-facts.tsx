/** Who, where, when of an action, each with a way to more. @module */
import { Text } from '@mantine/core'
import { TextLink } from '../../parts/link.tsx'
import { Id, Pairs, Time } from '../../parts/values.tsx'
import { milliseconds } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import type { Names } from '../agents/names.ts'
import { isOfPoint } from './call-name.ts'
import type { ActionAnswer } from './action.tsx'
import type { DecisionReceipt } from './receipt.ts'

const t = words.activity

const SIGNED = [
  ['principal', words.delegations.principal],
  ['approver', words.delegations.approvedBy],
] as const

export function ActionFacts({
  action,
  signers,
  receipt,
  names,
}: {
  action: ActionAnswer
  /** Of its delegation. */
  signers: readonly { readonly person: string; readonly role: string }[]
  receipt: DecisionReceipt
  names: Names
}) {
  const { agent, delegation, approval, point, entry, ended } = action
  const entryLink = (index: number) => (
    <TextLink key={index} to="/log/$index" params={{ index: String(index) }}>
      {index}, {t.proof}
    </TextLink>
  )
  return (
    <Pairs
      of={[
        [t.time, <Time key="time" at={action.time} />],
        [
          t.agent,
          agent === null ? (
            isOfPoint(action) ? (
              t.pointItself
            ) : (
              t.nobody
            )
          ) : (
            <TextLink key="agent" to="/agents/$id" params={{ id: agent }}>
              {names.of(agent)}
            </TextLink>
          ),
        ],
        ...SIGNED.flatMap(([role, title]) => {
          const people = signers.filter((one) => one.role === role).map(({ person }) => names.of(person))
          return people.length === 0 ? [] : [[title, people.join(', ')] as const]
        }),
        [
          t.delegation,
          delegation === null ? (
            t.foreign
          ) : (
            <TextLink key="delegation" to="/delegations/$jti" params={{ jti: delegation }} className="mono">
              {delegation}
            </TextLink>
          ),
        ],
        [t.point, <Id key="point" of={point} name={names.all[point]} />],
        [t.placement, t.placements[receipt.placement]],
        [t.binding, t.bindings[receipt.binding]],
        ...(receipt.freshness === null
          ? []
          : [
              [
                t.freshness,
                t.freshnessAge(receipt.freshness.head, milliseconds(receipt.freshness.age_ms)),
              ] as const,
            ]),
        ...(approval === null
          ? []
          : [
              [
                t.approval,
                <TextLink key="approval" to="/approvals/$id" params={{ id: approval }} className="mono">
                  {approval}
                </TextLink>,
              ] as const,
            ]),
        [t.entry, entryLink(entry)],
        ...(ended === null ? [] : [[t.ended, entryLink(ended.entry)] as const]),
        ...(receipt.args_commit === null
          ? []
          : [
              [
                t.args,
                <span key="args">
                  <Text size="sm">{t.argsSealed}</Text>
                  <Id of={receipt.args_commit} />
                </span>,
              ] as const,
            ]),
      ]}
    />
  )
}
