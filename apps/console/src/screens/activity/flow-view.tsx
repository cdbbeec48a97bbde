/**
 * What the rules on flows went by: from what was read before, through the call, to where its values would have gone. Drawn
 * for the eye, and told as a list for everybody else. spec/flow.md.
 * @module
 */
import { Badge, Box, Group, List, Paper, Stack, Text, Title, VisuallyHidden } from '@mantine/core'
import { ArrowRight, Database, Send, Wrench } from 'lucide-react'
import type { ReactNode } from 'react'
import { TextLink } from '../../parts/link.tsx'
import { State } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'

const t = words.activity

/** As a receipt has it (RCP-11). */
export interface Flow {
  readonly basis: readonly Basis[]
  readonly left_out?: number
  readonly taint: {
    readonly level: string
    readonly integrity: string
    readonly categories: readonly string[]
  }
}
interface Basis {
  readonly argument: string | null
  readonly provenance: keyof typeof t.flowProvenance | null
  readonly rule: keyof typeof t.flowRules
  readonly source: {
    readonly action: string
    readonly path: string
    readonly server: string
    readonly tool: string
  } | null
  readonly verdict: 'passes' | 'objects' | { readonly endorsed_by: string }
}

export function FlowView({ flow, call }: { flow: Flow; call: string }) {
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t.flowLead}
      </Text>
      <Box className="flow" aria-hidden>
        <Step icon={<Database size={18} />} label={t.flowSource}>
          <Text size="sm">{t.flowTaint(flow.taint.level, flow.taint.integrity)}</Text>
          <Group gap={4}>
            {flow.taint.categories.map((category) => (
              <Badge key={category} size="sm" variant="light" color="gray" tt="none">
                {lastOf(category)}
              </Badge>
            ))}
          </Group>
        </Step>
        <ArrowRight size={22} />
        <Step icon={<Wrench size={18} />} label={t.call}>
          <Text size="sm">{call}</Text>
        </Step>
        <ArrowRight size={22} />
        <Step icon={<Send size={18} />} label={t.flowSink}>
          <Group gap={4}>
            {[...new Set(flow.basis.map(({ argument }) => argument ?? t.flowWhole))].map((argument) => (
              <Badge key={argument} size="sm" variant="light" color="gray" tt="none">
                {argument}
              </Badge>
            ))}
          </Group>
        </Step>
      </Box>
      <VisuallyHidden>
        {t.flowSource}: {t.flowTaint(flow.taint.level, flow.taint.integrity)}.{' '}
        {flow.taint.categories.length > 0 && `${t.flowCategories}: ${flow.taint.categories.join(', ')}.`}{' '}
        {t.call}: {call}.
      </VisuallyHidden>
      <List spacing="xs" listStyleType="none">
        {flow.basis.map((one, i) => (
          <List.Item key={i}>
            <BasisLine of={one} />
          </List.Item>
        ))}
      </List>
      {flow.left_out !== undefined && <Text size="sm">{t.leftOut(flow.left_out)}</Text>}
    </Stack>
  )
}

function Step({ icon, label, children }: { icon: ReactNode; label: string; children: ReactNode }) {
  return (
    <Paper withBorder p="sm">
      <Group gap={6} wrap="nowrap">
        {icon}
        <Title order={3} size="h4">
          {label}
        </Title>
      </Group>
      {children}
    </Paper>
  )
}

function BasisLine({ of: { argument, provenance, rule, source, verdict } }: { of: Basis }) {
  const isObjection = verdict === 'objects'
  const said = typeof verdict === 'string' ? t.flowVerdicts[verdict] : t.flowEndorsed(verdict.endorsed_by)
  return (
    <Group gap="xs" align="baseline">
      <State of={isObjection ? 'deny' : 'allow'} label={said} />
      <Text size="sm" className="mono" span>
        {argument ?? t.flowWhole}
      </Text>
      <Text size="sm" span>
        {t.flowRules[rule]}
        {provenance !== null && `, ${t.flowProvenance[provenance]}`}
      </Text>
      {source !== null && (
        <TextLink to="/activity/$action" params={{ action: source.action }} size="sm">
          {source.server} / {source.tool} {source.path}
        </TextLink>
      )}
    </Group>
  )
}

/** Of a term of a vocabulary, its own name. */
function lastOf(term: string): string {
  return term.split(/[#/]/).at(-1) || term
}
