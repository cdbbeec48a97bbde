/** Takes a pack and the log's key, and has both verified in this browser. @module */
import { FileInput, Group, Paper, Progress, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Answer } from '../../parts/states.tsx'
import { Pairs } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { verify, type Told, type Verifying } from './verifying.ts'

const t = words.evidence.packs
const Verdict = lazy(async () => ({ default: (await import('./verdict.tsx')).Verdict }))
const VerifierFault = lazy(async () => ({ default: (await import('./verdict.tsx')).VerifierFault }))

/** A pack that was built here, or a file that somebody chooses. */
export interface Chosen {
  readonly name: string
  readonly bytes: () => Promise<ArrayBuffer>
}

export function VerifyPanel({ built }: { built: Chosen | null }) {
  const [own, setOwn] = useState<File | null>(null)
  const info = useQuery({ queryKey: ['info'], queryFn: () => said(api.GET('/v1/info')) })
  const [typed, setTyped] = useState<string | null>(null)
  const key = typed ?? info.data?.log_vkey ?? ''
  const file = own === null ? built : { name: own.name, bytes: () => own.arrayBuffer() }
  const { told, start, running, error } = useVerifier()
  const began = useRef<Chosen | null>(null)
  useEffect(() => {
    // A pack whose button was pressed is verified at once.
    if (built === null || key === '' || began.current === built) return
    began.current = built
    setOwn(null)
    start({ file: built, key })
  }, [built, key, start])
  return (
    <Paper withBorder p="md" component="section" id="verify">
      <Stack gap="sm">
        <Title order={2}>{t.verify}</Title>
        <Text size="sm">{t.verifyText}</Text>
        <Group gap="sm" align="flex-end">
          <FileInput
            label={t.file}
            placeholder={built?.name ?? t.choose}
            accept=".zip,application/zip"
            value={own}
            onChange={setOwn}
            clearable
            w={300}
          />
          <TextInput
            label={t.key}
            value={key}
            onChange={(event) => setTyped(event.currentTarget.value)}
            style={{ flex: '1 1 18rem' }}
            spellCheck={false}
          />
          <ActButton
            leftSection={<ShieldCheck size={18} aria-hidden />}
            whyNot={file === null ? t.noFile : key === '' ? t.noKey : null}
            loading={running}
            onClick={() => file !== null && start({ file, key })}
          >
            {t.verifyNow}
          </ActButton>
        </Group>
        <Text size="sm" c="dimmed">
          {t.keyHint}
        </Text>
        {error !== null && (
          <Text c="red" role="alert">
            {faultText(error)}
          </Text>
        )}
        <Working told={told} running={running} />
        <Suspense fallback={null}>
          {told?.kind === 'done' && <Verdict report={told.report} seconds={told.seconds} />}
          {told?.kind === 'failed' && <VerifierFault code={told.code} message={told.message} />}
        </Suspense>
      </Stack>
    </Paper>
  )
}

function useVerifier() {
  const [told, setTold] = useState<Told | null>(null)
  const at = useRef<Verifying | null>(null)
  useEffect(() => () => at.current?.stop(), [])
  const run = useMutation({
    mutationFn: async ({ file, key }: { file: Chosen; key: string }) => {
      at.current?.stop()
      setTold(null)
      const bytes = new Uint8Array(await file.bytes())
      await new Promise<void>((resolve) => {
        at.current = verify(bytes, key, (heard) => {
          setTold(heard)
          if (heard.kind === 'done' || heard.kind === 'failed') resolve()
        })
      })
    },
  })
  return { told, start: run.mutate, running: run.isPending, error: run.error }
}

function Working({ told, running }: { told: Told | null; running: boolean }) {
  if (!running) return null
  const counted = told !== null && (told.kind === 'entries' || told.kind === 'signatures') ? told : null
  const text = counted === null ? t.reading : t.working[counted.kind](counted.done, counted.of)
  return (
    <Stack gap={4}>
      <Text size="sm" role="status">
        {text}
      </Text>
      <Progress
        value={counted === null ? 100 : (counted.done / Math.max(1, counted.of)) * 100}
        animated={counted === null}
        aria-label={t.progress}
      />
    </Stack>
  )
}

/** Why an auditor takes another verifier than this page, and what its files hash to. */
export function Separately() {
  const verifiers = useQuery({
    queryKey: ['verifiers'],
    queryFn: () => said(api.GET('/v1/evidence/verifiers')),
  })
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{t.separately}</Title>
        <Text size="sm">{t.separatelyText}</Text>
        <Answer
          of={verifiers}
          empty={(data) => data.verifiers.length === 0}
          nothing={<Text size="sm">{t.notBuilt}</Text>}
        >
          {(data) => (
            <>
              <Pairs
                of={data.verifiers.map(({ name, sha256 }) => [
                  name,
                  <Text key={name} span className="mono">
                    {sha256}
                  </Text>,
                ])}
              />
              <Text size="sm" c="dimmed">
                {t.howTo}
              </Text>
            </>
          )}
        </Answer>
      </Stack>
    </Paper>
  )
}
