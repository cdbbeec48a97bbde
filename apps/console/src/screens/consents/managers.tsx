/** Consent managers: proposed with their key, approved by gesture, removed. @module */
import { Group, Stack } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { managerSchema } from '../../../../../src/log/consent-bodies.ts'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { GestureButton, ReasonButton } from '../../parts/approve.tsx'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Id, State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { ProposeJson } from '../settings/propose-json.tsx'

const t = words.consents

type Manager =
  paths['/v1/consent-managers']['get']['responses'][200]['content']['application/json']['managers'][number]

export function Managers() {
  const refuse = whyNot(useSession(), 'privacy.work')
  const queries = useQueryClient()
  const [proposing, setProposing] = useState(false)
  const managers = useQuery({
    queryKey: ['consent-managers'],
    queryFn: () => said(api.GET('/v1/consent-managers')),
  })
  const again = () => void queries.invalidateQueries({ queryKey: ['consent-managers'] })
  return (
    <Stack>
      <div>
        <ActButton whyNot={refuse} onClick={() => setProposing(true)}>
          {t.proposeManager}
        </ActButton>
      </div>
      <Answer
        of={managers}
        empty={(data) => data.managers.length === 0}
        nothing={<Empty title={t.noManagers}>{t.noManagersText}</Empty>}
      >
        {(data) => (
          <Section title={t.tabs.managers}>
            <Listing<Manager>
              label={t.tabs.managers}
              rows={data.managers}
              keyOf={({ id }) => id}
              none={t.noManagers}
              columns={[
                { name: t.name, cell: ({ id, name }) => <Id of={id} name={name} /> },
                { name: t.jurisdiction, cell: ({ jurisdiction }) => jurisdiction },
                { name: t.status, cell: ({ status }) => <State of={status} /> },
                {
                  name: words.settings.actions,
                  cell: (manager) => <Actions of={manager} refuse={refuse} onDone={again} />,
                },
              ]}
            />
          </Section>
        )}
      </Answer>
      {proposing && (
        <ProposeJson
          title={t.proposeManager}
          lead={t.proposeManagerText}
          start={{ name: '', jurisdiction: 'EU', jwk: { kty: 'OKP', crv: 'Ed25519', x: '' } }}
          schema={managerSchema}
          propose={(manager) => said(api.POST('/v1/consent-managers', { body: manager as never }))}
          onDone={again}
          onClose={() => setProposing(false)}
        />
      )}
    </Stack>
  )
}

function Actions({
  of: { id, status, name },
  refuse,
  onDone,
}: {
  of: Manager
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
          title={`${words.settings.approve}: ${name}`}
          consequences={t.approveManager(name)}
          whyNot={refuse}
          ask={() => said(api.GET('/v1/consent-managers/{id}/approval', { params }))}
          askKey={['manager', id]}
          take={(body) => said(api.POST('/v1/consent-managers/{id}/approve', { params, body }))}
          names={Object.fromEntries(names)}
          onDone={onDone}
        />
      )}
      {status !== 'removed' && (
        <ReasonButton
          label={t.removeManager}
          consequences={t.removeManagerText}
          whyNot={refuse}
          run={(reason) => said(api.POST('/v1/consent-managers/{id}/remove', { params, body: { reason } }))}
          usual={t.managerReasons}
          onDone={onDone}
          danger
        />
      )}
    </Group>
  )
}
