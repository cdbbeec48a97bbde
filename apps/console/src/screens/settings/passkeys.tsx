/** A person's passkeys: their own to add, name and remove, somebody else's to remove. spec/people.md (PPL-8 to PPL-10). @module */
import { Group, Modal, Select, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { ReasonButton } from '../../parts/approve.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Time } from '../../parts/values.tsx'
import { useSession, whyNot, type Session } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { AddPasskey } from './add-passkey.tsx'
import { NameDialog } from './name-dialog.tsx'

const t = words.settings.passkeys

type Passkey =
  paths['/v1/passkeys']['get']['responses'][200]['content']['application/json']['passkeys'][number]

/** As the control plane has it (PPL-8). */
const PASSKEYS_MAX = 10

const nameOf = ({ name, passkey }: Passkey): string => name ?? t.unnamed(passkey)

const known: readonly Cell<Passkey>[] = [
  { name: t.name, cell: nameOf },
  { name: t.added, cell: ({ added }) => <Time at={added} /> },
  {
    name: t.signedIn,
    cell: ({ signed_in }) => (signed_in === null ? t.never : <Time at={signed_in} ago />),
  },
  { name: t.synced, cell: ({ backed_up }) => (backed_up ? t.yes : t.no) },
]

export function OwnPasskeys() {
  const session = useSession()
  const queries = useQueryClient()
  const passkeys = useQuery({ queryKey: ['passkeys'], queryFn: () => said(api.GET('/v1/passkeys')) })
  const [adding, setAdding] = useState(false)
  const again = () => {
    void queries.invalidateQueries({ queryKey: ['passkeys'] })
    void queries.invalidateQueries({ queryKey: ['session'] })
    void queries.invalidateQueries({ queryKey: ['people'] })
  }
  const n = passkeys.data?.passkeys.length ?? 0
  const full = n >= PASSKEYS_MAX ? t.full(PASSKEYS_MAX) : null
  return (
    <Section
      title={t.title}
      lead={t.lead}
      actions={
        <ActButton whyNot={whyNotOwn(session) ?? full} onClick={() => setAdding(true)}>
          {t.add}
        </ActButton>
      }
    >
      <Answer
        of={passkeys}
        empty={(data) => data.passkeys.length === 0}
        nothing={<Empty title={t.none}>{t.noneText}</Empty>}
      >
        {(data) => (
          <Listing
            label={t.title}
            rows={data.passkeys}
            columns={[
              ...known,
              {
                name: words.settings.actions,
                cell: (passkey) => (
                  <Group gap="xs" wrap="nowrap">
                    <Rename passkey={passkey} onDone={again} />
                    <RemoveOwn passkey={passkey} isLast={data.passkeys.length === 1} onDone={again} />
                  </Group>
                ),
              },
            ]}
            keyOf={({ passkey }) => String(passkey)}
            none={t.none}
          />
        )}
      </Answer>
      {adding && <AddPasskey onDone={again} onClose={() => setAdding(false)} />}
    </Section>
  )
}

/** What takes a passkey in this browser. */
function whyNotOwn({ person, session }: Session): string | null {
  if (!person.endorsed) return t.notEndorsed
  if (person.amr.includes('swk')) return t.software
  return session.by === 'oidc' ? t.byProvider : null
}

function Rename({ passkey, onDone }: { passkey: Passkey; onDone: () => void }) {
  const [open, setOpen] = useState(false)
  const { session } = useSession()
  const params = { path: { passkey: passkey.passkey } }
  const named = useMutation({
    mutationFn: (name: string) => said(api.POST('/v1/passkeys/{passkey}/name', { params, body: { name } })),
    onSuccess: () => {
      setOpen(false)
      onDone()
    },
  })
  return (
    <>
      <ActButton
        size="xs"
        variant="default"
        whyNot={session.by === 'oidc' ? t.byProvider : null}
        onClick={() => setOpen(true)}
      >
        {t.rename}
      </ActButton>
      {open && (
        <NameDialog
          title={`${t.rename}: ${nameOf(passkey)}`}
          submit={t.rename}
          label={t.name}
          hint={t.nameHint}
          initial={passkey.name ?? ''}
          pending={named.isPending}
          error={named.error}
          onName={(name) => named.mutate(name)}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  )
}

type Step = 'closed' | 'why' | 'sign'

/** Why, and then a gesture of another passkey. */
function RemoveOwn({ passkey, isLast, onDone }: { passkey: Passkey; isLast: boolean; onDone: () => void }) {
  const session = useSession()
  const [step, setStep] = useState<Step>('closed')
  const [reason, setReason] = useState<string>(t.reasons[0].value)
  const path = { passkey: passkey.passkey }
  const title = `${t.remove}: ${nameOf(passkey)}`
  return (
    <>
      <ActButton
        size="xs"
        variant="default"
        color="red"
        whyNot={(isLast ? t.last : null) ?? whyNotOwn(session)}
        onClick={() => setStep('why')}
      >
        {t.remove}
      </ActButton>
      {step === 'why' && (
        <FormDialog
          title={title}
          lead={t.removeText}
          submit={t.goOn}
          pending={false}
          error={null}
          danger
          onSubmit={() => setStep('sign')}
          onClose={() => setStep('closed')}
        >
          <Select
            label={t.reason}
            data={t.reasons}
            value={reason}
            onChange={(chosen) => chosen !== null && setReason(chosen)}
            allowDeselect={false}
          />
        </FormDialog>
      )}
      {step === 'sign' && (
        <GestureDialog
          title={title}
          consequences={t.signOther}
          ask={() => said(api.GET('/v1/passkeys/{passkey}/removal', { params: { path, query: { reason } } }))}
          askKey={['remove-passkey', String(passkey.passkey), reason]}
          take={(parts) =>
            said(api.POST('/v1/passkeys/{passkey}/remove', { params: { path }, body: { ...parts, reason } }))
          }
          names={{ [session.person.id]: session.person.name ?? session.person.id }}
          onDone={onDone}
          onClose={() => setStep('closed')}
          danger
        />
      )}
    </>
  )
}

/** Of somebody else: taking away needs no gesture. */
export function PasskeysOf({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const session = useSession()
  const queries = useQueryClient()
  const passkeys = useQuery({
    queryKey: ['passkeys', id],
    queryFn: () => said(api.GET('/v1/people/{id}/passkeys', { params: { path: { id } } })),
  })
  const again = () => {
    void queries.invalidateQueries({ queryKey: ['passkeys'] })
    void queries.invalidateQueries({ queryKey: ['people'] })
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={
        <Title order={2} size="h3">
          {t.of(name)}
        </Title>
      }
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <Answer
        of={passkeys}
        empty={(data) => data.passkeys.length === 0}
        nothing={<Empty title={t.none}>{t.noneOfText}</Empty>}
      >
        {(data) => (
          <Listing
            label={t.of(name)}
            rows={data.passkeys}
            columns={[
              ...known,
              {
                name: words.settings.actions,
                cell: (one) => (
                  <ReasonButton
                    label={t.remove}
                    title={`${t.remove}: ${nameOf(one)}`}
                    consequences={t.removeText}
                    whyNot={whyNot(session, 'people.manage')}
                    run={(reason) =>
                      said(
                        api.POST('/v1/people/{id}/passkeys/{passkey}/remove', {
                          params: { path: { id, passkey: one.passkey } },
                          body: { reason },
                        }),
                      )
                    }
                    usual={t.reasons.map(({ value }) => value)}
                    onDone={again}
                    danger
                  />
                ),
              },
            ]}
            keyOf={({ passkey }) => String(passkey)}
            none={t.none}
          />
        )}
      </Answer>
    </Modal>
  )
}
