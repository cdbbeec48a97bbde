/** For whose data a call was, for which purpose, on what ground, and what was missing. spec/consent.md. @module */
import { Group, List, Stack, Text, Title } from '@mantine/core'
import { TextLink } from '../../parts/link.tsx'
import { State } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { explained } from './reasons.ts'
import type { Bases } from './receipt.ts'

const t = words.activity

export function BasisView({ basis: { mode, used, missing } }: { basis: Bases }) {
  return (
    <Stack gap="xs">
      <Group>
        <State of={mode} label={t.basisModes[mode]} />
      </Group>
      {used.length > 0 && (
        <>
          <Title order={3} size="h4">
            {t.basisUsed}
          </Title>
          <List size="sm" spacing={4}>
            {used.map(({ subject, purpose, basis, n }) => (
              <List.Item key={`${subject} ${purpose} ${basis}`}>
                <Subject id={subject} />: {lastOf(purpose)},{' '}
                <Text span className="mono">
                  {basis}
                </Text>
                , {t.records(n)}
              </List.Item>
            ))}
          </List>
        </>
      )}
      {missing.length > 0 && (
        <>
          <Title order={3} size="h4">
            {t.basisMissing}
          </Title>
          <List size="sm" spacing={4}>
            {missing.map(({ subject, purpose, reason, n }) => (
              <List.Item key={`${subject} ${purpose} ${reason}`}>
                <Subject id={subject} />
                {purpose !== null && `: ${lastOf(purpose)}`}, {explained(reason).what ?? reason},{' '}
                {t.records(n)}
              </List.Item>
            ))}
          </List>
        </>
      )}
    </Stack>
  )
}

function Subject({ id }: { id: string | null }) {
  if (id === null) return t.unknownSubject
  return (
    <TextLink to="/consents/$id" params={{ id }} className="mono" inherit>
      {id}
    </TextLink>
  )
}

/** Of a term of a vocabulary, its own name. */
function lastOf(term: string): string {
  return term.split(/[#/]/).at(-1) || term
}
