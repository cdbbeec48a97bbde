/** One breach with the notices of it. @module */
import { Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import type { paths } from '../../../api/schema.d.ts'
import { GestureDialog } from '../../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../../parts/act-button.tsx'
import { TextLink } from '../../../parts/link.tsx'
import { Answer } from '../../../parts/states.tsx'
import { Id, Pairs, Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import { choice, keyIn, FormDialog, indicesIn } from '../form-dialog.tsx'
import { useNames, useSeparated } from '../read.ts'
import { BreachState, RISKS, wantedText } from './standing.tsx'
import { Card, Detail, Said } from './parts.tsx'

const t = words.evidence.registers
const b = t.breach
const TOLD = { authority: 'authority', subjects: 'data subjects' } as const
type One = paths['/v1/breaches/{id}']['get']['responses'][200]['content']['application/json']
type Open = 'tell' | 'assess' | 'close' | null

export function BreachDetail({ id }: { id: string }) {
  const one = useQuery({
    queryKey: ['breaches', id],
    queryFn: () => said(api.GET('/v1/breaches/{id}', { params: { path: { id } } })),
  })
  return <Answer of={one}>{(data) => <Shown of={data} />}</Answer>
}

function Shown({ of }: { of: One }) {
  const names = useNames()
  const [open, setOpen] = useState<Open>(null)
  return (
    <Detail show="breaches" title={b.title(of.id)} actions={<Acts of={of} onOpen={setOpen} />}>
      <Card>
        <Pairs
          of={[
            [t.status, <BreachState key="status" of={of} />],
            ['ID', <Id key="id" of={of.id} />],
            [b.aware, <Time key="aware" at={of.aware} />],
            [b.risk, of.risk],
            [b.jurisdictions, of.jurisdictions.join(', ')],
            [b.categories, of.categories.join(', ') || words.values.none],
            [b.subjects, of.subjects_n],
            [
              b.incident,
              of.incident === null ? null : (
                <TextLink key="incident" to="/incidents/$id" params={{ id: of.incident }}>
                  {of.incident}
                </TextLink>
              ),
            ],
            [b.wanted, wantedText(of)],
            [t.by, names.get(of.recorder) ?? of.recorder],
            [t.entry, <EntryLink key="entry" index={of.entry} />],
          ]}
        />
        <Said of={of.text} />
      </Card>
      <Card title={b.notices}>
        {of.notices.length === 0 && <Text c="dimmed">{b.noNotices}</Text>}
        {of.notices.map(({ entry, to, jurisdiction, at, author, text }) => (
          <Stack key={entry} gap={2}>
            <Text size="sm" c="dimmed">
              {to} ({jurisdiction}), <Time at={at} />, {names.get(author) ?? author}, {t.entry}{' '}
              <EntryLink isInText index={entry} />
            </Text>
            <Said of={text} />
          </Stack>
        ))}
      </Card>
      <Dialogs of={of} open={open} onClose={() => setOpen(null)} />
    </Detail>
  )
}

function Acts({ of, onOpen }: { of: One; onOpen: (open: Open) => void }) {
  const session = useSession()
  const isSeparated = useSeparated()
  const refuse = of.closed === null ? whyNot(session, 'breaches.work') : b.isClosed
  const own = of.recorder === session.person.id && isSeparated ? b.notRecorder : null
  return (
    <>
      <ActButton size="xs" variant="default" whyNot={refuse} onClick={() => onOpen('tell')}>
        {b.tell}
      </ActButton>
      <ActButton size="xs" variant="default" whyNot={refuse} onClick={() => onOpen('assess')}>
        {b.assess}
      </ActButton>
      <ActButton
        size="xs"
        whyNot={refuse ?? (of.wanted.length > 0 ? b.stillWanted : own)}
        onClick={() => onOpen('close')}
      >
        {b.close}
      </ActButton>
    </>
  )
}

function Dialogs({ of, open, onClose }: { of: One; open: Open; onClose: () => void }) {
  const queries = useQueryClient()
  const params = { path: { id: of.id } }
  const ends = { onClose, onDone: () => void queries.invalidateQueries({ queryKey: ['breaches'] }) }
  switch (open) {
    case null:
      return null
    case 'tell':
      return (
        <FormDialog
          {...ends}
          title={b.tell}
          consequences={b.tellText}
          fields={[
            choice('to', b.to, TOLD),
            {
              name: 'jurisdiction',
              label: b.jurisdictions,
              kind: 'select',
              data: of.jurisdictions.map((value) => ({ value, label: value })),
            },
            {
              name: 'at',
              label: b.at,
              hint: b.awareHint,
              initial: `${new Date().toISOString().slice(0, 19)}Z`,
            },
            { name: 'entries', label: t.entries, hint: t.entriesHint, optional: true },
            { name: 'text', label: t.text, kind: 'area', max: 4096 },
          ]}
          take={({ to, jurisdiction = '', at = '', entries, text = '' }) =>
            said(
              api.POST('/v1/breaches/{id}/notices', {
                params,
                body: {
                  to: keyIn(TOLD, to, 'authority'),
                  jurisdiction,
                  at,
                  entries: indicesIn(entries),
                  text,
                },
              }),
            )
          }
        />
      )
    case 'assess':
      return (
        <FormDialog
          {...ends}
          title={b.assess}
          consequences={b.assessText}
          fields={[
            { ...choice('risk', b.risk, RISKS), initial: of.risk },
            {
              name: 'subjects',
              label: b.subjects,
              hint: b.subjectsHint,
              kind: 'number',
              optional: true,
              initial: of.subjects_n === null ? '' : String(of.subjects_n),
            },
          ]}
          take={({ risk, subjects = '' }) =>
            said(
              api.POST('/v1/breaches/{id}/assess', {
                params,
                body: {
                  risk: keyIn(RISKS, risk, 'high'),
                  subjects_n: subjects === '' ? null : Number(subjects),
                },
              }),
            )
          }
        />
      )
    case 'close':
      return (
        <GestureDialog
          {...ends}
          title={b.close}
          consequences={b.closeText}
          ask={() => said(api.GET('/v1/breaches/{id}/closing', { params }))}
          askKey={['breach', of.id]}
          take={(body) => said(api.POST('/v1/breaches/{id}/close', { params, body }))}
        />
      )
  }
}
