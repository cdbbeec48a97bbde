/** One deficiency in full, and what can be done about it. @module */
import { Group, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import type { paths } from '../../../api/schema.d.ts'
import { GestureDialog } from '../../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../../parts/act-button.tsx'
import { Answer } from '../../../parts/states.tsx'
import { Id, Pairs, Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import { choice, endOfDay, FormDialog, indicesIn, keyIn, type Field } from '../form-dialog.tsx'
import { useNames, useSeparated } from '../read.ts'
import { DeficiencyState } from './standing.tsx'
import { usePeopleField } from './open-deficiency.tsx'
import { Card, Detail, Said } from './parts.tsx'

const t = words.evidence.registers
const d = t.deficiency
const WORDS_MAX = 4096
type One = paths['/v1/deficiencies/{id}']['get']['responses'][200]['content']['application/json']
type Open = 'assign' | 'note' | 'retest' | 'close' | null

export function DeficiencyDetail({ id }: { id: string }) {
  const one = useQuery({
    queryKey: ['deficiencies', id],
    queryFn: () => said(api.GET('/v1/deficiencies/{id}', { params: { path: { id } } })),
  })
  return <Answer of={one}>{(data) => <Shown of={data} />}</Answer>
}

function Shown({ of }: { of: One }) {
  const names = useNames()
  const [open, setOpen] = useState<Open>(null)
  const called = (person: string | null): string =>
    person === null ? words.values.none : (names.get(person) ?? person)
  return (
    <Detail show="deficiencies" title={of.title ?? t.erased} actions={<Acts of={of} onOpen={setOpen} />}>
      <Card>
        <Pairs
          of={[
            [t.status, <DeficiencyState key="status" of={of.status} />],
            ['ID', <Id key="id" of={of.id} />],
            [t.criteria, of.criteria.join(', ')],
            [d.deviation, of.deviation ?? d.byHand],
            [t.owner, called(of.owner)],
            [t.due, <Time key="due" at={of.due} />],
            [t.by, called(of.opener)],
            [t.entry, <EntryLink key="entry" index={of.entry} />],
            ...(of.closing === null
              ? []
              : [[t.closed, <EntryLink key="closing" index={of.closing} />] as const]),
          ]}
        />
      </Card>
      <Card title={d.notes}>
        {of.notes.length === 0 && <Text c="dimmed">{d.noNotes}</Text>}
        {of.notes.map(({ entry, phase, author, time, text }) => (
          <Stack key={entry} gap={2}>
            <Group gap={6}>
              <Text size="sm" c="dimmed">
                {phase}, {called(author)}, <Time at={time} />, {t.entry} <EntryLink isInText index={entry} />
              </Text>
            </Group>
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
  const me = session.person.id
  const closed = of.status === 'closed' ? d.isClosed : null
  const own = of.owner === me || of.repairer === me ? d.notOwner : null
  const work = closed ?? whyNot(session, 'evidence.work')
  const second = closed ?? (isSeparated ? own : null) ?? whyNot(session, 'second.person')
  return (
    <>
      <ActButton size="xs" variant="default" whyNot={work} onClick={() => onOpen('assign')}>
        {d.assign}
      </ActButton>
      <ActButton size="xs" variant="default" whyNot={work} onClick={() => onOpen('note')}>
        {d.note}
      </ActButton>
      <ActButton
        size="xs"
        variant="default"
        whyNot={second ?? (of.remediation === null ? d.notRepaired : null)}
        onClick={() => onOpen('retest')}
      >
        {d.retest}
      </ActButton>
      <ActButton
        size="xs"
        whyNot={second ?? (of.status === 'retested' ? null : d.notRetested)}
        onClick={() => onOpen('close')}
      >
        {d.close}
      </ActButton>
    </>
  )
}

const wordsField: Field = { name: 'text', label: t.text, kind: 'area', max: WORDS_MAX }
const entriesField: Field = {
  name: 'entries',
  label: t.entries,
  hint: t.entriesHint,
  optional: true,
  max: 1024,
}

function Dialogs({ of, open, onClose }: { of: One; open: Open; onClose: () => void }) {
  const queries = useQueryClient()
  const owner = usePeopleField('owner', t.owner)
  const params = { path: { id: of.id } }
  const ends = { onClose, onDone: () => void queries.invalidateQueries({ queryKey: ['deficiencies'] }) }
  switch (open) {
    case null:
      return null
    case 'assign':
      return (
        <FormDialog
          {...ends}
          title={d.assign}
          consequences={d.assignText}
          fields={[
            { ...owner, initial: of.owner ?? '' },
            { name: 'due', label: t.due, kind: 'date', initial: new Date(of.due).toISOString().slice(0, 10) },
          ]}
          take={({ owner: to = '', due }) =>
            said(
              api.POST('/v1/deficiencies/{id}/assign', { params, body: { owner: to, due: endOfDay(due) } }),
            )
          }
        />
      )
    case 'note':
      return (
        <FormDialog
          {...ends}
          title={d.note}
          consequences={d.noteText}
          fields={[choice('phase', d.phase, d.phases), wordsField, entriesField]}
          take={({ phase, text = '', entries }) =>
            said(
              api.POST('/v1/deficiencies/{id}/notes', {
                params,
                body: { phase: keyIn(d.phases, phase, 'note'), text, entries: indicesIn(entries) },
              }),
            )
          }
        />
      )
    case 'retest':
      return (
        <FormDialog
          {...ends}
          title={d.retest}
          consequences={d.retestText}
          fields={[choice('result', d.result, d.results), wordsField, entriesField]}
          take={({ result, text = '', entries }) =>
            said(
              api.POST('/v1/deficiencies/{id}/retest', {
                params,
                body: { result: keyIn(d.results, result, 'failed'), text, entries: indicesIn(entries) },
              }),
            )
          }
        />
      )
    case 'close':
      return (
        <GestureDialog
          {...ends}
          title={d.close}
          consequences={d.closeText}
          ask={() => said(api.GET('/v1/deficiencies/{id}/closing', { params }))}
          askKey={['deficiency', of.id]}
          take={(body) => said(api.POST('/v1/deficiencies/{id}/close', { params, body }))}
          names={{ [of.id]: of.title ?? of.id }}
        />
      )
  }
}
