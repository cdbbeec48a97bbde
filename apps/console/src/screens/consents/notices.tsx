/** Notices: what people are told before they agree; proposed with their text, approved by gesture. @module */
import { Accordion, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { GestureButton } from '../../parts/approve.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Pairs, State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { ProposeJson } from '../settings/propose-json.tsx'
import { Terms } from './consent-list.tsx'
import { noticeForm, noticeStart, withHash } from './notice-form.ts'

const t = words.consents

type Notice = paths['/v1/notices']['get']['responses'][200]['content']['application/json']['notices'][number]

export function Notices() {
  const refuse = whyNot(useSession(), 'privacy.work')
  const queries = useQueryClient()
  const [proposing, setProposing] = useState(false)
  const notices = useQuery({ queryKey: ['notices'], queryFn: () => said(api.GET('/v1/notices')) })
  const again = () => void queries.invalidateQueries({ queryKey: ['notices'] })
  return (
    <Stack>
      <div>
        <ActButton whyNot={refuse} onClick={() => setProposing(true)}>
          {t.proposeNotice}
        </ActButton>
      </div>
      <Answer
        of={notices}
        empty={(data) => data.notices.length === 0}
        nothing={<Empty title={t.noNotices}>{t.noNoticesText}</Empty>}
      >
        {(data) => (
          <>
            {data.notices.map((one) => (
              <One key={one.id} of={one} refuse={refuse} onDone={again} />
            ))}
          </>
        )}
      </Answer>
      {proposing && (
        <ProposeJson
          title={t.proposeNotice}
          lead={t.proposeNoticeText}
          start={noticeStart(notices.data?.notices[0])}
          schema={noticeForm}
          propose={async (value) => said(api.POST('/v1/notices', { body: (await withHash(value)) as never }))}
          onDone={again}
          onClose={() => setProposing(false)}
        />
      )}
    </Stack>
  )
}

function One({ of, refuse, onDone }: { of: Notice; refuse: string | null; onDone: () => void }) {
  const names = useNames()
  const { id, status, notice, text, proposer } = of
  const params = { path: { id } }
  const told = <Text className="lines">{text ?? t.noText}</Text>
  return (
    <Section
      title={`${notice.name} ${notice.version}`}
      lead={<State of={status} />}
      actions={
        status === 'waiting' && (
          <GestureButton
            label={words.settings.approve}
            title={`${words.settings.approve}: ${notice.name}`}
            consequences={t.approveNotice(notice.name)}
            about={told}
            look={{ size: 'sm', variant: 'filled' }}
            whyNot={refuse}
            ask={() => said(api.GET('/v1/notices/{id}/approval', { params }))}
            askKey={['notice', id]}
            take={(body) => said(api.POST('/v1/notices/{id}/approve', { params, body }))}
            names={Object.fromEntries(names)}
            onDone={onDone}
          />
        )
      }
    >
      <Pairs
        of={[
          [t.purposes, <Terms key="purposes" of={notice.purposes} gone={[]} />],
          [t.categories, <Terms key="categories" of={notice.categories} gone={[]} />],
          [t.controller, `${notice.controller}, ${notice.contact}`],
          [t.jurisdiction, notice.jurisdiction],
          [t.language, notice.language],
          [words.settings.proposer, names.get(proposer) ?? proposer],
        ]}
      />
      <Accordion variant="contained">
        <Accordion.Item value="text">
          <Accordion.Control>{t.noticeText}</Accordion.Control>
          <Accordion.Panel>{told}</Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Section>
  )
}
