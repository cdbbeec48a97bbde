/**
 * A registration that waits, as its endorser's dialog shows and signs it: the entry and the passkey's thumbprint
 * (spec/people.md, PPL-5). Both sides compare them by another way, so that nobody endorses what somebody else registered.
 * @module
 */
import { Stack, Text } from '@mantine/core'
import { words } from '../words/words.ts'
import { Pairs } from './values.tsx'

const t = words.door.join.registered

/** @param of the index of the entry, and the thumbprint */
export function Registration({ of }: { of: { readonly registration: number; readonly credential: string } }) {
  return (
    <Stack gap="xs" component="section" aria-label={t.title}>
      <Text fw={600}>{t.title}</Text>
      <Pairs
        of={[
          [t.registration, t.entry(of.registration)],
          [
            t.credential,
            <span key="credential" className="mono">
              {of.credential}
            </span>,
          ],
        ]}
      />
      <Text size="sm">{t.read}</Text>
    </Stack>
  )
}
