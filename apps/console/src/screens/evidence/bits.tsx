/** Small things that screens of evidence show the same way. @module */
import { Alert, Group, Text } from '@mantine/core'
import { Info, ShieldCheck, TriangleAlert } from 'lucide-react'
import { TextLink } from '../../parts/link.tsx'
import { State, Time } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import type { Evidence, TestOf } from './read.ts'

const t = words.evidence

/** As a colour that other states have: the word says it. */
const LOOKS = {
  no_deviation: 'active',
  deviations: 'deny',
  did_not_occur: 'closed',
  not_reconciled: 'medium',
  not_tested: 'closed',
} as const

export function Result({ of }: { of: Pick<TestOf, 'result' | 'deviations_n'> }) {
  const label = of.result === 'deviations' ? t.deviations(of.deviations_n) : t.results[of.result]
  return <State of={LOOKS[of.result]} label={label} />
}

/** @param isInText among words, where colour alone does not tell it from them */
export function EntryLink({ index, isInText = false }: { index: number; isInText?: boolean }) {
  return (
    <TextLink
      to="/log/$index"
      params={{ index: String(index) }}
      aria-label={t.entry(index)}
      underline={isInText ? 'always' : 'hover'}
    >
      {index}
    </TextLink>
  )
}

/** @param most that are shown; more are said to be there */
export function EntryLinks({ of, most = 8 }: { of: readonly number[]; most?: number }) {
  if (of.length === 0) return <Text c="dimmed">{t.noEntries}</Text>
  return (
    <Group gap={8}>
      {of.slice(0, most).map((index) => (
        <EntryLink key={index} index={index} />
      ))}
      {of.length > most && (
        <Text size="sm" c="dimmed">
          {t.andMore(of.length - most)}
        </Text>
      )}
    </Group>
  )
}

/** What an answer rests on, and whether it may change. */
export function Basis({ tree }: { tree: Evidence['tree'] }) {
  return (
    <>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <ShieldCheck size={18} aria-hidden />
        <Text size="sm" c="dimmed">
          {t.basis(count(tree.end))} <Time at={tree.time} />. {tree.interim ? t.interim : t.whole}
        </Text>
      </Group>
      {!tree.integrity && (
        <Alert color="red" icon={<TriangleAlert aria-hidden />} title={t.notWhole}>
          {t.notWholeText}
        </Alert>
      )}
      {tree.integrity && tree.faults_n > 0 && (
        <Alert color="orange" icon={<Info aria-hidden />}>
          {t.faults(tree.faults_n)}
        </Alert>
      )}
    </>
  )
}
