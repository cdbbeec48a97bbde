/** The consents of a data subject: to what, until when, by which proof; withdrawing and exporting them. @module */
import { Accordion, Badge, Button, Code, Group, MultiSelect, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Section } from '../../parts/section.tsx'
import { Empty } from '../../parts/states.tsx'
import { termLabel } from '../../parts/terms.ts'
import { Pairs, State, Time } from '../../parts/values.tsx'
import { ReasonSelect, reasonCode } from '../../parts/reason-select.tsx'
import { words } from '../../words/words.ts'
import { saveJson } from './save.ts'
import type { ConsentView } from './queries.ts'

const t = words.consents

export function ConsentList({
  consents,
  refuse,
  onDone,
}: {
  consents: readonly ConsentView[]
  refuse: string | null
  onDone: () => void
}) {
  if (consents.length === 0)
    return (
      <Section title={t.consents}>
        <Empty title={t.noConsents}>{t.noConsentsText}</Empty>
      </Section>
    )
  return (
    <>
      {consents.map((consent) => (
        <One key={consent.id} consent={consent} refuse={refuse} onDone={onDone} />
      ))}
    </>
  )
}

export const STATES = { live: 'active', withdrawn: 'revoked', expired: 'expired' } as const

function One({
  consent,
  refuse,
  onDone,
}: {
  consent: ConsentView
  refuse: string | null
  onDone: () => void
}) {
  const { id, record, proof, given, state, withdrawn, notice, text } = consent
  const [withdrawing, setWithdrawing] = useState(false)
  const exported = useMutation({
    mutationFn: () => said(api.GET('/v1/consents/{id}/export', { params: { path: { id } } })),
    onSuccess: (data) => saveJson(`${id}.json`, data),
  })
  return (
    <Section
      title={`${notice.name} ${notice.version}`}
      lead={<State of={STATES[state]} label={t.states[state]} />}
      actions={
        <>
          <Button size="xs" variant="default" onClick={() => exported.mutate()} loading={exported.isPending}>
            {t.export}
          </Button>
          <ActButton
            size="xs"
            color="red"
            whyNot={(state === 'live' ? null : t.isOver) ?? refuse}
            onClick={() => setWithdrawing(true)}
          >
            {t.withdraw}
          </ActButton>
        </>
      }
    >
      <Pairs
        of={[
          [t.purposes, <Terms key="purposes" of={record.purposes} gone={withdrawn} />],
          [t.categories, <Terms key="categories" of={record.categories} gone={[]} />],
          [
            t.given,
            <Group key="given" gap="xs">
              <Time at={record.given_at * 1000} />
              <TextLink to="/log/$index" params={{ index: String(given) }} size="sm">
                {words.log.entry(String(given))}
              </TextLink>
            </Group>,
          ],
          [t.expires, <Time key="expires" at={record.expires * 1000} />],
          [t.proof, t.proofs[proof]],
        ]}
      />
      <Accordion variant="contained">
        <Accordion.Item value="notice">
          <Accordion.Control>{t.noticeText}</Accordion.Control>
          <Accordion.Panel>
            <Text className="lines">{text ?? t.noText}</Text>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
      {withdrawing && <Withdraw consent={consent} onDone={onDone} onClose={() => setWithdrawing(false)} />}
    </Section>
  )
}

/** @param gone those that were withdrawn */
export function Terms({ of, gone }: { of: readonly string[]; gone: readonly string[] }) {
  return (
    <Group gap={4}>
      {of.map((term) => (
        <Badge
          key={term}
          variant={gone.includes(term) ? 'outline' : 'default'}
          color={gone.includes(term) ? 'red' : 'gray'}
          tt="none"
          fw={400}
        >
          {termLabel(term)}
          {gone.includes(term) && ` (${t.withdrawn.toLowerCase()})`}
        </Badge>
      ))}
    </Group>
  )
}

function Withdraw({
  consent: { id, record, withdrawn },
  onDone,
  onClose,
}: {
  consent: ConsentView
  onDone: () => void
  onClose: () => void
}) {
  const [purposes, setPurposes] = useState<string[]>([])
  const [reason, setReason] = useState('')
  const code = reasonCode(reason)
  const act = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/consents/{id}/withdraw', {
          params: { path: { id } },
          body: { purposes: purposes.length === 0 ? null : purposes, reason: code ?? '' },
        }),
      ),
    onSuccess: () => {
      onDone()
      onClose()
    },
  })
  return (
    <FormDialog
      title={t.withdraw}
      lead={t.withdrawText}
      submit={t.withdraw}
      danger
      pending={act.isPending}
      error={act.error}
      ready={code !== null}
      onSubmit={() => act.mutate()}
      onClose={onClose}
    >
      <Stack gap="sm">
        <MultiSelect
          label={t.withdrawWhich}
          placeholder={purposes.length === 0 ? t.withdrawAll : undefined}
          data={record.purposes
            .filter((term) => !withdrawn.includes(term))
            .map((term) => ({ value: term, label: termLabel(term) }))}
          value={purposes}
          onChange={setPurposes}
          clearable
        />
        <ReasonSelect value={reason} onChange={setReason} usual={t.withdrawReasons} />
        <Code>{id}</Code>
      </Stack>
    </FormDialog>
  )
}
