/** Policies of each kind: what is in force in words, what waits and what it changes, what was before. @module */
import { Accordion, Code, Group, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { policyRows } from '../../../../server/pages/labels.js'
import { ActButton } from '../../parts/act-button.tsx'
import { GestureButton } from '../../parts/approve.tsx'
import { Changes, changesOf } from '../../parts/changes.tsx'
import { JsonPairs } from '../../parts/json-pairs.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer } from '../../parts/states.tsx'
import { ShowTabs } from '../../parts/tabs.tsx'
import { Pairs, State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames, type Names } from '../../parts/names.ts'
import { SettingsPage } from './frame.tsx'
import { ProposeJson } from './propose-json.tsx'
import {
  approvePolicy,
  KINDS,
  listPolicies,
  policyApproval,
  proposePolicy,
  SCHEMAS,
  type Kind,
  type Listed,
  type PolicyView,
} from './kinds.ts'

const t = words.settings.policies

type Policy = Readonly<Record<string, unknown>>

export function Policies() {
  const session = useSession()
  const queries = useQueryClient()
  const { kind: asked } = useSearch({ from: '/inside/settings/policies' })
  const navigate = useNavigate({ from: '/settings/policies' })
  const kind = KINDS.find((name) => name === asked) ?? 'flow'
  const listed = useQuery({ queryKey: ['policies', kind], queryFn: () => listPolicies(kind) })
  const [proposing, setProposing] = useState(false)
  const again = () => void queries.invalidateQueries({ queryKey: ['policies', kind] })
  return (
    <SettingsPage
      part="policies"
      actions={
        <ActButton whyNot={whyNot(session, 'policies.propose')} onClick={() => setProposing(true)}>
          {t.propose}
        </ActButton>
      }
    >
      <ShowTabs
        within
        label={t.label}
        tabs={KINDS.map((name) => ({ name, label: t.kinds[name] }))}
        shown={kind}
        onShow={(name) => void navigate({ search: { kind: name } })}
      />
      <Answer of={listed}>{(data) => <Kinds kind={kind} listed={data} onDone={again} />}</Answer>
      {proposing && listed.data !== undefined && (
        <ProposeJson
          title={`${t.propose}: ${t.kinds[kind]}`}
          lead={t.proposeText}
          start={inForceOf(listed.data)?.policy ?? listed.data.packaged ?? { v: 1 }}
          schema={SCHEMAS[kind]}
          propose={(policy) => proposePolicy(kind, policy)}
          onDone={again}
          onClose={() => setProposing(false)}
        />
      )}
    </SettingsPage>
  )
}

function inForceOf({ policies }: Listed): PolicyView | undefined {
  return policies.find(({ status }) => status === 'active')
}

function Kinds({ kind, listed, onDone }: { kind: Kind; listed: Listed; onDone: () => void }) {
  const names = useNames()
  const active = inForceOf(listed)
  const shown = active?.policy ?? listed.packaged
  const waiting = listed.policies.filter(({ status }) => status === 'waiting')
  const earlier = listed.policies.filter(({ status }) => status === 'replaced')
  return (
    <Stack>
      {waiting.map((one) => (
        <Waiting key={one.id} kind={kind} of={one} was={shown} names={names} onDone={onDone} />
      ))}
      <Section title={t.inForce} lead={t.about[kind]}>
        {active === undefined && <Text c="dimmed">{shown === null ? t.noneOff : t.none}</Text>}
        {active !== undefined && <Who of={active} names={names} />}
        {shown !== null && <InWords kind={kind} policy={shown} names={names} />}
      </Section>
      {earlier.length > 0 && (
        <Section title={t.earlier}>
          <Listing<PolicyView>
            label={t.earlier}
            rows={earlier}
            keyOf={({ id }) => id}
            none="–"
            columns={[
              { name: words.settings.id, cell: ({ id }) => <span className="mono">{id}</span> },
              { name: words.settings.proposer, cell: ({ proposer }) => names.get(proposer) ?? proposer },
              { name: words.settings.proposal, cell: ({ proposal }) => <Entry of={proposal} /> },
            ]}
          />
        </Section>
      )}
    </Stack>
  )
}

function Waiting({
  kind,
  of: { id, policy, ...rest },
  was,
  names,
  onDone,
}: {
  kind: Kind
  of: PolicyView
  was: Policy | null
  names: Names
  onDone: () => void
}) {
  const session = useSession()
  const changes = <Changes of={changesOf(was ?? {}, policy)} none={t.noChanges} />
  return (
    <Section
      title={t.waiting}
      actions={
        <GestureButton
          label={words.settings.approve}
          title={`${words.settings.approve}: ${t.kinds[kind]}`}
          consequences={t.approveText(t.kinds[kind])}
          about={changes}
          whyNot={whyNot(session, 'policies.approve')}
          look={{ size: 'sm', variant: 'filled' }}
          ask={() => policyApproval(kind, id)}
          askKey={['policy', kind, id]}
          take={(parts) => approvePolicy(kind, id, parts)}
          names={Object.fromEntries(names)}
          onDone={onDone}
        />
      }
    >
      <Who of={{ id, policy, ...rest }} names={names} />
      {changes}
      <Accordion variant="contained">
        <Accordion.Item value="all">
          <Accordion.Control>{t.all}</Accordion.Control>
          <Accordion.Panel>
            <InWords kind={kind} policy={policy} names={names} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Section>
  )
}

function Who({ of: { status, proposer, proposal }, names }: { of: PolicyView; names: Names }) {
  return (
    <Group gap="sm">
      <State of={status} />
      <Text size="sm">
        {words.settings.proposer} {names.get(proposer) ?? proposer}, <Entry of={proposal} />
      </Text>
    </Group>
  )
}

function Entry({ of }: { of: number }) {
  return (
    <TextLink to="/log/$index" params={{ index: String(of) }} inherit>
      {words.log.entry(String(of)).toLowerCase()}
    </TextLink>
  )
}

interface Row {
  readonly label: string
  readonly lines: readonly string[]
}

/** The words of the ceremony's page where it has them; else name by name. */
function InWords({ kind, policy, names }: { kind: Kind; policy: Policy; names: Names }) {
  const { v: _form, ...members } = policy
  return (
    <>
      {kind === 'flow' ? (
        <Pairs
          of={(policyRows(policy) as Row[]).map(({ label, lines }, index) => [
            label,
            <Stack key={index} gap={0}>
              {lines.map((line) => (
                <span key={line}>{line}</span>
              ))}
            </Stack>,
          ])}
        />
      ) : (
        <JsonPairs of={members} names={names} />
      )}
      <Accordion variant="contained">
        <Accordion.Item value="json">
          <Accordion.Control>{words.settings.json.label}</Accordion.Control>
          <Accordion.Panel>
            <Code block tabIndex={0}>
              {JSON.stringify(policy, null, 2)}
            </Code>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </>
  )
}
