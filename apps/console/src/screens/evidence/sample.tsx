/** A sample, drawn again by the control plane: what went into it, and its items. @module */
import { Alert, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { ShieldCheck, TriangleAlert } from 'lucide-react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Rows } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Id, Pairs, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { EntryLink } from './bits.tsx'
import { EvidencePage } from './frame.tsx'
import { columnsOf } from './item-columns.tsx'

const t = words.evidence.samples
type Sample = paths['/v1/evidence/samples/{id}']['get']['responses'][200]['content']['application/json']

export function SampleScreen() {
  const { id } = useParams({ from: '/inside/evidence/samples/$id' })
  const sample = useQuery({
    queryKey: ['sample', id],
    queryFn: () => said(api.GET('/v1/evidence/samples/{id}', { params: { path: { id } } })),
    // The log does not change what it says of it.
    staleTime: Infinity,
  })
  return (
    <EvidencePage
      at="period"
      title={t.title}
      lead={
        <TextLink to="/evidence" search={{ show: 'samples' }}>
          {t.back}
        </TextLink>
      }
    >
      <Answer of={sample}>{(data) => <Shown of={data} />}</Answer>
    </EvidencePage>
  )
}

function Shown({ of }: { of: Sample }) {
  const names = useNames()
  const items = of.items.map(({ item }, at) => ({ row: item, at }))
  return (
    <Stack gap="md">
      {of.faults.length === 0 ? (
        <Alert color="teal" icon={<ShieldCheck aria-hidden />} title={t.holds}>
          {of.drawn.nonce === null ? t.holdsManagement : t.holdsText}
        </Alert>
      ) : (
        <Alert color="red" icon={<TriangleAlert aria-hidden />} title={t.broken} role="alert">
          {of.faults.map(({ code, message }) => (
            <Text key={code} size="sm">
              {code}: {message}
            </Text>
          ))}
        </Alert>
      )}
      <Facts of={of} />
      {items.length === 0 ? (
        <Empty title={t.noItems}>{t.noItemsText}</Empty>
      ) : (
        <Rows
          label={t.items}
          rows={items}
          columns={columnsOf(
            items.map(({ row }) => row),
            names,
          )}
          keyOf={({ at }) => String(at)}
          height={560}
        />
      )}
    </Stack>
  )
}

function Facts({ of: { sample, entry, engagement, from, to, drawn, seed } }: { of: Sample }) {
  return (
    <Pairs
      of={[
        [t.sample, <Id key="sample" of={sample} />],
        [t.engagement, engagement],
        [
          words.evidence.period.label,
          <span key="period">
            <Time at={from} /> – <Time at={to} />
          </span>,
        ],
        [t.population, drawn.population.replaceAll('_', ' ')],
        [t.control, t.ofTest(drawn.control, drawn.test)],
        [t.size, drawn.frequency === null ? t.askedFor(drawn.size) : t.byFrequency(drawn.size)],
        [t.by, drawn.nonce === null ? t.management : t.auditor],
        [t.nonce, drawn.nonce === null ? null : <Mono key="nonce" of={drawn.nonce} />],
        [t.seed, <Mono key="seed" of={seed} />],
        [t.frozenAs, <EntryLink key="frozen" index={drawn.frozen} isInText />],
        [
          t.seen,
          drawn.anchor === null ? t.notSeen : <EntryLink key="anchor" index={drawn.anchor} isInText />,
        ],
        [t.drawnAs, <EntryLink key="entry" index={entry} isInText />],
      ]}
    />
  )
}

function Mono({ of }: { of: string }) {
  return <span className="mono">{of}</span>
}
