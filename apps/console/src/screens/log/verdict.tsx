/** A verification step by step: what was computed here, and what it rests on. @module */
import { Alert, Box, Group, List, Loader, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Check, CircleHelp, ShieldAlert, ShieldCheck, X } from 'lucide-react'
import { useEffect } from 'react'
import { api, said } from '../../api/client.ts'
import { Failed } from '../../parts/states.tsx'
import { words } from '../../words/words.ts'
import { keep, keptOf, witnessesOf } from './kept.ts'
import type { EntryAnswer, Known, Step, Verdict } from './verify.ts'

const t = words.log

/** The key of the log, as the control plane publishes it for everybody. */
export const vkeyQuery = {
  queryKey: ['well-known'],
  queryFn: async (): Promise<string> => {
    const answer: unknown = await (await fetch('/.well-known/countersign')).json()
    const { log } = answer as { log?: { vkey?: unknown } }
    if (typeof log?.vkey !== 'string') throw new Error(words.shell.noKey)
    return log.vkey
  },
  staleTime: 60_000,
} as const

/** @param name tells one verification from another */
export function useVerdict(
  name: readonly unknown[],
  answer: EntryAnswer | { readonly checkpoint: string } | undefined,
) {
  const vkey = useQuery(vkeyQuery)
  const verdict = useQuery({
    queryKey: ['verdict', ...name, vkey.data, answer?.checkpoint, witnessesOf().join(' ')],
    enabled: vkey.data !== undefined && answer !== undefined,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    queryFn: async (): Promise<Verdict> => {
      if (vkey.data === undefined || answer === undefined) throw new Error('not asked for yet')
      const { verifyCheckpoint, verifyEntry } = await import('./verify.ts')
      const known: Known = {
        vkey: vkey.data,
        kept: keptOf(),
        witnesses: witnessesOf(),
        prove: (from, to) =>
          said(
            api.GET('/v1/log/proof', { params: { query: { from: String(from), to: String(to) } } as never }),
          ),
      }
      const now = Date.now()
      return 'index' in answer
        ? verifyEntry(answer, known, now)
        : verifyCheckpoint(answer.checkpoint, known, now)
    },
  })
  const found = verdict.data?.keep ?? null
  useEffect(() => {
    if (found !== null) keep(found)
  }, [found])
  return vkey.isError ? vkey : verdict
}

export function VerdictPanel({
  of,
  checkpointOnly = false,
}: {
  of: ReturnType<typeof useVerdict>
  checkpointOnly?: boolean
}) {
  if (of.isError) return <Failed error={of.error} again={() => void of.refetch()} />
  const verdict = of.data
  if (verdict === undefined || typeof verdict === 'string')
    return (
      <Group gap="xs" role="status">
        <Loader size="xs" aria-hidden /> <Text size="sm">{t.verifying}</Text>
      </Group>
    )
  return (
    <Stack gap="sm" data-verdict={verdict.holds ? 'holds' : 'fails'}>
      {verdict.holds ? (
        !checkpointOnly && (
          <Alert color="teal" icon={<ShieldCheck aria-hidden />} role="status" title={t.verdict.holds} p="sm">
            {t.proofText}
          </Alert>
        )
      ) : (
        <Alert color="red" icon={<ShieldAlert aria-hidden />} role="alert" title={t.verdict.fails}>
          {t.failsText}
        </Alert>
      )}
      <Stack gap="xs" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
        {verdict.steps.map((step) => (
          <StepRow key={step.name} step={step} />
        ))}
      </Stack>
    </Stack>
  )
}

const ICONS = {
  holds: { icon: Check, colour: 'teal' },
  fails: { icon: X, colour: 'red' },
  open: { icon: CircleHelp, colour: 'gray' },
} as const

function StepRow({ step }: { step: Step }) {
  const { icon: Icon, colour } = ICONS[step.state]
  return (
    <Group
      component="li"
      gap="sm"
      wrap="nowrap"
      align="flex-start"
      data-step={step.name}
      data-state={step.state}
    >
      <ThemeIcon size={22} radius="xl" color={colour} variant="light" mt={2} aria-hidden>
        <Icon size={14} />
      </ThemeIcon>
      <Box miw={0}>
        <Text fw={600} size="sm">
          {t.steps[step.name]}: {t.state[step.state]}
        </Text>
        {step.says.map((line) => (
          <Text key={line} size="sm">
            {line}
          </Text>
        ))}
        {step.value !== undefined && (
          <Text component="div" className="mono" c="dimmed">
            {step.value}
          </Text>
        )}
      </Box>
    </Group>
  )
}

export function NotShown() {
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="xs">
        <Title order={2}>{t.notShown}</Title>
        <List size="sm" spacing={4}>
          {t.notShownText.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      </Stack>
    </Paper>
  )
}
