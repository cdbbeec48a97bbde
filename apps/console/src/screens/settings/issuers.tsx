/** Other issuers: proposed by one person with their record, trusted by the gesture of another. @module */
import { Group } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { foreignIssuerSchema } from '../../../../../src/core/issuer.ts'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { GestureButton, ReasonButton } from '../../parts/approve.tsx'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { ProposeJson } from './propose-json.tsx'

const t = words.settings.keys

type Issuer = paths['/v1/issuers']['get']['responses'][200]['content']['application/json']['issuers'][number]

export function Issuers() {
  const session = useSession()
  const names = useNames()
  const queries = useQueryClient()
  const issuers = useQuery({ queryKey: ['issuers'], queryFn: () => said(api.GET('/v1/issuers')) })
  const again = () => void queries.invalidateQueries({ queryKey: ['issuers'] })
  const [proposing, setProposing] = useState(false)
  const refuse = whyNot(session, 'installation.manage')
  return (
    <Section
      title={t.issuers}
      lead={t.issuersText}
      actions={
        <ActButton size="xs" variant="default" whyNot={refuse} onClick={() => setProposing(true)}>
          {t.proposeIssuer}
        </ActButton>
      }
    >
      <Answer of={issuers}>
        {(data) => (
          <Listing<Issuer>
            label={t.issuers}
            rows={data.issuers}
            keyOf={({ id }) => id}
            none={t.noIssuers}
            columns={[
              { name: t.iss, cell: ({ id, issuer }) => <Id of={id} name={issuer.iss} /> },
              {
                name: words.settings.status,
                cell: ({ status }) => <State of={status === 'trusted' ? 'active' : status} label={status} />,
              },
              { name: words.settings.proposer, cell: ({ proposer }) => names.get(proposer) ?? proposer },
              {
                name: words.settings.actions,
                cell: (issuer) => <Actions of={issuer} refuse={refuse} onDone={again} />,
              },
            ]}
          />
        )}
      </Answer>
      {proposing && (
        <ProposeJson
          title={t.proposeIssuer}
          lead={t.proposeIssuerText}
          start={{}}
          schema={foreignIssuerSchema}
          propose={(issuer) => said(api.POST('/v1/issuers', { body: { issuer: issuer as never } }))}
          onDone={again}
          onClose={() => setProposing(false)}
        />
      )}
    </Section>
  )
}

function Actions({ of, refuse, onDone }: { of: Issuer; refuse: string | null; onDone: () => void }) {
  const { iss } = of.issuer
  const params = { path: { id: of.id } }
  return (
    <Group gap="xs" wrap="nowrap">
      {of.status === 'proposed' && (
        <GestureButton
          label={words.settings.approve}
          title={`${words.settings.approve}: ${iss}`}
          consequences={t.trustText(iss)}
          whyNot={refuse}
          ask={() => said(api.GET('/v1/issuers/{id}/approval', { params }))}
          askKey={['issuer', of.id]}
          take={(body) => said(api.POST('/v1/issuers/{id}/approve', { params, body }))}
          onDone={onDone}
        />
      )}
      <ReasonButton
        label={t.drop}
        consequences={t.dropText(iss)}
        whyNot={refuse}
        run={(reason) => said(api.POST('/v1/issuers/drop', { body: { iss, reason } }))}
        usual={t.dropReasons}
        onDone={onDone}
        danger
      />
    </Group>
  )
}
