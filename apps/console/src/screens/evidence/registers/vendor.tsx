/** One vendor with its assessments: assessed by one person, approved by another. @module */
import { Group, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import type { paths } from '../../../api/schema.d.ts'
import { GestureDialog } from '../../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../../parts/act-button.tsx'
import { ReasonDialog } from '../../../parts/reason-dialog.tsx'
import { Answer } from '../../../parts/states.tsx'
import { Id, Pairs, State, Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import { choice, keyIn, endOfDay, FormDialog } from '../form-dialog.tsx'
import { useNames, useSeparated } from '../read.ts'
import { Card, Detail, Said } from './parts.tsx'
import { VendorState } from './standing.tsx'

const t = words.evidence.registers
const v = t.vendor
const WORDS_MAX = 4096
type One = paths['/v1/vendors/{id}']['get']['responses'][200]['content']['application/json']
type Open = 'assess' | 'approve' | 'end' | null

export function VendorDetail({ id }: { id: string }) {
  const one = useQuery({
    queryKey: ['vendors', id],
    queryFn: () => said(api.GET('/v1/vendors/{id}', { params: { path: { id } } })),
  })
  return <Answer of={one}>{(data) => <Shown of={data} />}</Answer>
}

function Shown({ of }: { of: One }) {
  const names = useNames()
  const [open, setOpen] = useState<Open>(null)
  const called = (person: string): string => names.get(person) ?? person
  return (
    <Detail show="vendors" title={of.name} actions={<Acts of={of} onOpen={setOpen} />}>
      <Card>
        <Pairs
          of={[
            [t.status, <VendorState key="status" of={of.status} />],
            ['ID', <Id key="id" of={of.id} />],
            [v.kind, v.kinds[of.kind]],
            [v.servers, of.servers.join(', ') || words.values.none],
            [v.models, of.models.join(', ') || words.values.none],
            [t.owner, called(of.owner)],
            [v.subservice, of.subservice === null ? words.values.no : v.methods[of.subservice]],
            [t.entry, <EntryLink key="entry" index={of.recorded} />],
          ]}
        />
      </Card>
      <Card title={v.assessments}>
        {of.assessments.length === 0 && <Text c="dimmed">{v.noAssessments}</Text>}
        {of.assessments.map((one) => (
          <Stack key={one.entry} gap={4}>
            <Group gap="sm">
              <State of={one.outcome === 'refused' ? 'refused' : 'active'} label={v.outcomes[one.outcome]} />
              <Text size="sm" c="dimmed">
                {v.by(called(one.assessor), one.approver === null ? null : called(one.approver))},{' '}
                <Time at={one.time} />, {v.validUntil} <Time at={one.valid_until} />, {t.entry}{' '}
                <EntryLink isInText index={one.entry} />
              </Text>
            </Group>
            <Said of={one.text} />
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
  const ended = of.status === 'ended' ? v.isEnded : null
  const waiting = of.assessments.find(({ approval }) => approval === null)
  const own = waiting?.assessor === session.person.id && isSeparated ? v.notOwn : null
  return (
    <>
      <ActButton
        size="xs"
        variant="default"
        whyNot={ended ?? whyNot(session, 'vendors.work')}
        onClick={() => onOpen('assess')}
      >
        {v.assess}
      </ActButton>
      <ActButton
        size="xs"
        whyNot={ended ?? (of.status === 'waiting' ? own : v.noneWaits) ?? whyNot(session, 'second.person')}
        onClick={() => onOpen('approve')}
      >
        {v.approve}
      </ActButton>
      <ActButton
        size="xs"
        color="red"
        variant="light"
        whyNot={ended ?? whyNot(session, 'vendors.work')}
        onClick={() => onOpen('end')}
      >
        {v.end}
      </ActButton>
    </>
  )
}

function Dialogs({ of, open, onClose }: { of: One; open: Open; onClose: () => void }) {
  const queries = useQueryClient()
  const params = { path: { id: of.id } }
  const ends = { onClose, onDone: () => void queries.invalidateQueries({ queryKey: ['vendors'] }) }
  const end = useMutation({
    mutationFn: (reason: string) => said(api.POST('/v1/vendors/{id}/end', { params, body: { reason } })),
    onSuccess: () => {
      ends.onDone()
      onClose()
    },
  })
  switch (open) {
    case null:
      return null
    case 'assess':
      return (
        <FormDialog
          {...ends}
          title={v.assess}
          consequences={v.assessText}
          fields={[
            choice('outcome', v.outcome, v.outcomes),
            { name: 'valid_until', label: v.validUntil, kind: 'date' },
            { name: 'next_review', label: v.nextReview, kind: 'date' },
            {
              name: 'complementary',
              label: v.complementary,
              hint: v.listHint,
              kind: 'area',
              optional: true,
              max: 8192,
            },
            { name: 'text', label: t.text, kind: 'area', max: WORDS_MAX },
          ]}
          take={({ outcome, valid_until, next_review, complementary = '', text = '' }) =>
            said(
              api.POST('/v1/vendors/{id}/assess', {
                params,
                body: {
                  outcome: keyIn(v.outcomes, outcome, 'refused'),
                  valid_until: endOfDay(valid_until),
                  next_review: endOfDay(next_review),
                  report: null,
                  complementary: complementary.split('\n').filter((line) => line.trim() !== ''),
                  text,
                },
              }),
            )
          }
        />
      )
    case 'approve':
      return (
        <GestureDialog
          {...ends}
          title={v.approve}
          consequences={v.approveText(of.name)}
          ask={() => said(api.GET('/v1/vendors/{id}/approval', { params }))}
          askKey={['vendor', of.id]}
          take={(body) => said(api.POST('/v1/vendors/{id}/approve', { params, body }))}
          names={{ [of.id]: of.name }}
        />
      )
    case 'end':
      return (
        <ReasonDialog
          title={v.end}
          consequences={v.endText(of.name)}
          danger
          usual={['no_longer_used', 'replaced', 'refused']}
          take={(reason) => end.mutate(reason)}
          pending={end.isPending}
          error={end.error}
          onClose={onClose}
        />
      )
  }
}
