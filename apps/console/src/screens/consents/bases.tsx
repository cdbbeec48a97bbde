/** Bases that are no consent: proposed, approved by gesture, ended. @module */
import { Group, Stack } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { basisSchema } from '../../../../../src/core/consent.ts'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { GestureButton, ReasonButton } from '../../parts/approve.tsx'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { termLabel } from '../../parts/terms.ts'
import { State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { ProposeJson } from '../settings/propose-json.tsx'
import { Terms } from './consent-list.tsx'

const t = words.consents
const YEAR_S = 365 * 86_400

type Basis = paths['/v1/bases']['get']['responses'][200]['content']['application/json']['bases'][number]

export function Bases() {
  const { now } = useSession()
  const refuse = whyNot(useSession(), 'privacy.work')
  const queries = useQueryClient()
  const [proposing, setProposing] = useState(false)
  const bases = useQuery({ queryKey: ['bases'], queryFn: () => said(api.GET('/v1/bases')) })
  const again = () => void queries.invalidateQueries({ queryKey: ['bases'] })
  return (
    <Stack>
      <div>
        <ActButton whyNot={refuse} onClick={() => setProposing(true)}>
          {t.proposeBasis}
        </ActButton>
      </div>
      <Answer
        of={bases}
        empty={(data) => data.bases.length === 0}
        nothing={<Empty title={t.noBases}>{t.noBasesText}</Empty>}
      >
        {(data) => <List bases={data.bases} refuse={refuse} onDone={again} />}
      </Answer>
      {proposing && (
        <ProposeJson
          title={t.proposeBasis}
          lead={t.proposeBasisText}
          start={{
            v: 1,
            kind: 'gdpr_6_1_b',
            purpose: 'https://w3id.org/dpv#CustomerCare',
            categories: ['https://w3id.org/dpv/pd#EmailAddress'],
            jurisdiction: 'EU',
            expires: Math.floor(now / 1000) + YEAR_S,
          }}
          schema={basisSchema}
          propose={(basis) => said(api.POST('/v1/bases', { body: basis as never }))}
          onDone={again}
          onClose={() => setProposing(false)}
        />
      )}
    </Stack>
  )
}

function List({
  bases,
  refuse,
  onDone,
}: {
  bases: readonly Basis[]
  refuse: string | null
  onDone: () => void
}) {
  const names = useNames()
  return (
    <Section title={t.tabs.bases}>
      <Listing<Basis>
        label={t.tabs.bases}
        rows={bases}
        keyOf={({ id }) => id}
        none={t.noBases}
        minWidth={860}
        columns={[
          { name: t.purpose, cell: ({ basis }) => termLabel(basis.purpose) },
          { name: t.kind, cell: ({ basis }) => basis.kind.replaceAll('_', ' ') },
          { name: t.categories, cell: ({ basis }) => <Terms of={basis.categories} gone={[]} /> },
          { name: t.jurisdiction, cell: ({ basis }) => basis.jurisdiction },
          { name: t.expires, cell: ({ basis }) => <Time at={basis.expires * 1000} /> },
          { name: t.status, cell: ({ status }) => <State of={status} /> },
          { name: words.settings.proposer, cell: ({ proposer }) => names.get(proposer) ?? proposer },
          {
            name: words.settings.actions,
            cell: (basis) => <Actions of={basis} refuse={refuse} onDone={onDone} />,
          },
        ]}
      />
    </Section>
  )
}

function Actions({
  of: { id, status, basis },
  refuse,
  onDone,
}: {
  of: Basis
  refuse: string | null
  onDone: () => void
}) {
  const names = useNames()
  const params = { path: { id } }
  return (
    <Group gap="xs" wrap="nowrap">
      {status === 'waiting' && (
        <GestureButton
          label={words.settings.approve}
          title={`${words.settings.approve}: ${termLabel(basis.purpose)}`}
          consequences={t.approveBasis(termLabel(basis.purpose))}
          whyNot={refuse}
          ask={() => said(api.GET('/v1/bases/{id}/approval', { params }))}
          askKey={['basis', id]}
          take={(body) => said(api.POST('/v1/bases/{id}/approve', { params, body }))}
          names={Object.fromEntries(names)}
          onDone={onDone}
        />
      )}
      {status === 'approved' && (
        <ReasonButton
          label={t.end}
          consequences={t.endText}
          whyNot={refuse}
          run={(reason) => said(api.POST('/v1/bases/{id}/end', { params, body: { reason } }))}
          usual={t.endReasons}
          onDone={onDone}
          danger
        />
      )}
    </Group>
  )
}
