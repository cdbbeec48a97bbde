/** What is signed over the log, who cosigned it, and that it only grew since this browser looked last. @module */
import {
  Accordion,
  Alert,
  Button,
  Code,
  Group,
  NumberInput,
  Paper,
  SimpleGrid,
  Stack,
  Text,
  Title,
} from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { ShieldAlert, ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { Answer } from '../../parts/states.tsx'
import { Pairs, Time } from '../../parts/values.tsx'
import { faultText } from '../../gesture/fault-text.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { forget, keptOf } from './kept.ts'
import { NotShown, useVerdict, VerdictPanel } from './verdict.tsx'
import { Witnesses } from './witnesses.tsx'

const t = words.log

export function Checkpoints() {
  /** Counts what changed in this browser's memory: what rests on it is verified again. */
  const [turn, setTurn] = useState(0)
  const again = () => setTurn((n) => n + 1)
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <Stack>
        <Newest turn={turn} />
        <Between />
      </Stack>
      <Stack>
        <KeptHere key={turn} onForget={again} />
        <Witnesses onChange={again} />
        <NotShown />
      </Stack>
    </SimpleGrid>
  )
}

function Newest({ turn }: { turn: number }) {
  // The newest tree as it stands there: what was signed last.
  const newest = useQuery({
    queryKey: ['log', 'checkpoint'],
    queryFn: () => said(api.GET('/v1/log/proof', { params: { query: { from: '1' as never } } })),
    refetchInterval: 15_000,
  })
  const verdict = useVerdict(['checkpoint', turn], newest.data && { checkpoint: newest.data.checkpoint })
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{t.checkpoint}</Title>
        <Answer of={newest}>
          {({ checkpoint }) => {
            const [origin = '', size = '', root = ''] = checkpoint.split('\n')
            return (
              <>
                <Pairs
                  of={[
                    [t.origin, origin],
                    [t.entries, count(Number(size))],
                    [
                      t.root,
                      <span key="root" className="mono">
                        {root}
                      </span>,
                    ],
                  ]}
                />
                <VerdictPanel of={verdict} checkpointOnly />
                <Accordion variant="contained">
                  <Accordion.Item value="note">
                    <Accordion.Control>{t.checkpointNote}</Accordion.Control>
                    <Accordion.Panel>
                      <Code block tabIndex={0} className="wraps">
                        {checkpoint}
                      </Code>
                    </Accordion.Panel>
                  </Accordion.Item>
                </Accordion>
              </>
            )
          }}
        </Answer>
      </Stack>
    </Paper>
  )
}

function KeptHere({ onForget }: { onForget: () => void }) {
  const kept = keptOf()
  const [asking, setAsking] = useState(false)
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{t.kept}</Title>
        <Text size="sm">{t.keptText}</Text>
        {kept === null ? (
          <Text c="dimmed">{t.nothingKept}</Text>
        ) : (
          <>
            <Pairs
              of={[
                [t.keptSize, count(kept.size)],
                [t.keptAt, <Time key="at" at={kept.at} />],
                [
                  t.vkey,
                  <span key="vkey" className="mono">
                    {kept.vkey}
                  </span>,
                ],
              ]}
            />
            {asking && <Alert color="yellow">{t.forgetText}</Alert>}
            <Group>
              {asking && (
                <Button variant="default" onClick={() => setAsking(false)}>
                  {words.gesture.cancel}
                </Button>
              )}
              <Button
                variant={asking ? 'filled' : 'default'}
                color="red"
                onClick={() => {
                  if (!asking) return setAsking(true)
                  forget()
                  onForget()
                }}
              >
                {t.forget}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Paper>
  )
}

function Between() {
  const [from, setFrom] = useState<number | string>(1)
  const [to, setTo] = useState<number | string>('')
  const checked = useMutation({
    mutationFn: async () => {
      const query = { from: String(from), ...(to === '' ? {} : { to: String(to) }) }
      const answer = await said(api.GET('/v1/log/proof', { params: { query: query as never } }))
      const { isConsistent } = await import('./verify.ts')
      const [, size, root] = answer.checkpoint.split('\n')
      return {
        ...answer,
        holds: await isConsistent(answer),
        isSigned: String(answer.to.size) === size && answer.to.root === root,
      }
    },
  })
  const { data } = checked
  return (
    <Paper withBorder p="md" component="section">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          checked.mutate()
        }}
      >
        <Stack gap="sm">
          <Title order={2}>{t.consistency}</Title>
          <Text size="sm">{t.consistencyText}</Text>
          <Group align="flex-end">
            <NumberInput
              label={t.from}
              min={1}
              value={from}
              onChange={setFrom}
              allowDecimal={false}
              required
              w={150}
            />
            <NumberInput label={t.to} min={1} value={to} onChange={setTo} allowDecimal={false} w={150} />
            <Button type="submit" variant="default" loading={checked.isPending}>
              {t.check}
            </Button>
          </Group>
          {checked.isError && (
            <Alert color="red" role="alert">
              {faultText(checked.error)}
            </Alert>
          )}
          {data !== undefined && (
            <Alert
              role={data.holds ? 'status' : 'alert'}
              color={data.holds ? 'teal' : 'red'}
              icon={data.holds ? <ShieldCheck aria-hidden /> : <ShieldAlert aria-hidden />}
            >
              {data.holds
                ? t.consistent(count(data.from.size), count(data.to.size), data.proof.length)
                : t.inconsistent(count(data.from.size), count(data.to.size))}{' '}
              {data.isSigned ? t.rootNote.signed : t.rootNote.unsigned}
            </Alert>
          )}
        </Stack>
      </form>
    </Paper>
  )
}
