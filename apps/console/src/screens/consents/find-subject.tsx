/** Finding a data subject by an identifier, which is sent in a body and stands in no address; or registering them. @module */
import { Alert, Button, Group, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ApiFault, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Section } from '../../parts/section.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'

const t = words.consents

export function FindSubject() {
  const refuse = whyNot(useSession(), 'privacy.work')
  const navigate = useNavigate()
  const [value, setValue] = useState('')
  const [system, setSystem] = useState<string | null>(null)
  const [pseudonym, setPseudonym] = useState('')
  const systems = useQuery({ queryKey: ['systems'], queryFn: () => said(api.GET('/v1/systems')) })
  const identifier = { system, value: value.trim() }
  const show = (id: string) => navigate({ to: '/consents/$id', params: { id } })
  const found = useMutation({
    mutationFn: () => said(api.POST('/v1/data-subjects/find', { body: identifier })),
    onSuccess: ({ subject }) => show(subject),
  })
  const isUnknown = found.error instanceof ApiFault && found.error.code === 'UNKNOWN_DATA_SUBJECT'
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <Section title={t.find} lead={t.findText}>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (refuse === null && identifier.value !== '') found.mutate()
          }}
        >
          <Stack>
            <TextInput
              label={t.identifier}
              value={value}
              onChange={(event) => setValue(event.currentTarget.value)}
              maxLength={1024}
              autoComplete="off"
              required
            />
            <Select
              label={t.system}
              description={t.systemHint}
              data={(systems.data?.systems ?? []).map(({ id, name }) => ({ value: id, label: name }))}
              value={system}
              onChange={setSystem}
              placeholder={t.anySystem}
              clearable
            />
            {found.isError && !isUnknown && (
              <Alert color="red" role="alert">
                {faultText(found.error)}
              </Alert>
            )}
            <Group>
              <ActButton
                whyNot={refuse}
                onClick={() => identifier.value !== '' && found.mutate()}
                loading={found.isPending}
              >
                {t.find}
              </ActButton>
            </Group>
          </Stack>
        </form>
        {isUnknown && <Register identifier={identifier} onDone={show} />}
      </Section>
      <Section title={t.pseudonym}>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (pseudonym.trim() !== '') void show(pseudonym.trim())
          }}
        >
          <Group align="flex-end">
            <TextInput
              label={t.subject}
              value={pseudonym}
              onChange={(event) => setPseudonym(event.currentTarget.value)}
              maxLength={64}
              flex={1}
            />
            <Button type="submit" variant="default">
              {t.open}
            </Button>
          </Group>
        </form>
      </Section>
    </SimpleGrid>
  )
}

function Register({
  identifier,
  onDone,
}: {
  identifier: { system: string | null; value: string }
  onDone: (subject: string) => unknown
}) {
  const [jurisdiction, setJurisdiction] = useState('EU')
  const added = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/data-subjects', {
          body: { jurisdiction: jurisdiction.trim() as never, identifiers: [identifier] },
        }),
      ),
    onSuccess: ({ subject }) => onDone(subject),
  })
  return (
    <Alert color="gray" role="status">
      <Stack gap="sm">
        <Text size="sm">{t.registerText}</Text>
        <Group align="flex-end">
          <TextInput
            label={t.jurisdiction}
            description={t.jurisdictionHint}
            value={jurisdiction}
            onChange={(event) => setJurisdiction(event.currentTarget.value)}
            maxLength={16}
          />
          <Button variant="default" onClick={() => added.mutate()} loading={added.isPending}>
            {t.register}
          </Button>
        </Group>
        {added.isError && (
          <Text size="sm" c="red" role="alert">
            {faultText(added.error)}
          </Text>
        )}
      </Stack>
    </Alert>
  )
}
