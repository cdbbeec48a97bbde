/**
 * What is signed for a delegation, in the words of the ceremony's page, once it was checked here that exactly this is what
 * the passkey would be asked for. spec/people.md (CER-3).
 * @module
 */
import { Accordion, Alert, Code, ScrollArea, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ShieldX } from 'lucide-react'
import { isWhatItShows, viewOf } from '../../gesture/view.ts'
import { Pairs } from '../../parts/values.tsx'
import { useSession } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { peopleQuery } from '../../parts/names.ts'
import { useNames } from '../agents/names.ts'

const t = words.delegations
const ROOT_TAG = 'countersign-root-v1'

export interface SignedDraft {
  readonly challenge: string
  readonly shown: {
    readonly header: Readonly<Record<string, unknown>>
    readonly payload: Readonly<Record<string, unknown>>
    readonly disclosures: readonly string[]
  }
}

function shownOf({ shown: { header, payload, disclosures } }: SignedDraft) {
  return { tag: ROOT_TAG, value: { header, payload }, disclosures }
}

/** Whether what is shown is what would be signed; undefined while that is computed. */
export function useIsWhole(draft: SignedDraft): boolean | undefined {
  return useQuery({
    queryKey: ['shown', draft.challenge],
    queryFn: async (): Promise<boolean> => isWhatItShows(draft.challenge, shownOf(draft)),
    staleTime: Infinity,
    gcTime: 0,
  }).data
}

export function DraftShown({ draft }: { draft: SignedDraft }) {
  const session = useSession()
  const names = useNames()
  const people = useQuery(peopleQuery).data?.people ?? []
  const isWhole = useIsWhole(draft)
  if (isWhole === undefined) return <Text role="status">{t.checking}</Text>
  if (!isWhole)
    return (
      <Alert color="red" role="alert" icon={<ShieldX aria-hidden />}>
        {t.mismatch}
      </Alert>
    )
  const rev = people.find(({ id }) => id === session.person.id)?.rev ?? null
  const view = viewOf({
    kind: 'gesture',
    shown: shownOf(draft),
    challenge: draft.challenge,
    names: names.all,
    person: { ...session.person, rev },
    log: { origin: session.place.origin, simulated: session.place.simulated },
  })
  return (
    <Stack gap="md" data-testid="signed">
      {view.sections.map(({ heading, rows }) => (
        <Stack key={heading} gap={6} component="section">
          <Title order={3} size="h4">
            {heading}
          </Title>
          <Pairs
            of={rows.map(({ label, lines, id }) => [
              label,
              <span key={label}>
                {lines.map((line) => (
                  <Text key={line} component="div">
                    {line}
                  </Text>
                ))}
                {id !== undefined && (
                  <Text component="div" c="dimmed" className="mono">
                    {id}
                  </Text>
                )}
              </span>,
            ])}
          />
        </Stack>
      ))}
      <Accordion variant="contained">
        <Accordion.Item value="exact">
          <Accordion.Control>{words.gesture.exact}</Accordion.Control>
          <Accordion.Panel>
            <ScrollArea.Autosize mah={240} type="auto">
              <Code block tabIndex={0}>
                {JSON.stringify(shownOf(draft), null, 2)}
              </Code>
            </ScrollArea.Autosize>
            <Text size="xs" c="dimmed" className="mono">
              {words.gesture.digest} {draft.challenge}
            </Text>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  )
}
