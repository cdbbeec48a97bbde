/** Who used a data subject's data when, for what and on which basis. @module */
import { Text } from '@mantine/core'
import { TextLink } from '../../parts/link.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Section } from '../../parts/section.tsx'
import { termLabel } from '../../parts/terms.ts'
import { State, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { useNames, type Names } from '../../parts/names.ts'
import type { SubjectView } from './queries.ts'

const t = words.consents

type Disclosure = SubjectView['disclosures'][number]

export function Disclosures({ of }: { of: readonly Disclosure[] }) {
  const names = useNames()
  return (
    <Section title={t.uses}>
      {of.length === 0 ? (
        <Text c="dimmed">{t.noUses}</Text>
      ) : (
        <Rows
          label={t.uses}
          rows={of}
          columns={columns(names)}
          keyOf={({ entry }) => String(entry)}
          height={420}
        />
      )}
    </Section>
  )
}

function columns(names: Names): readonly Column<Disclosure>[] {
  return [
    { name: t.time, width: '13rem', cell: ({ time }) => <Time at={time} /> },
    {
      name: t.agent,
      width: 'minmax(8rem, 1fr)',
      cell: ({ agent }) => (agent === null ? '–' : (names.get(agent) ?? agent)),
    },
    { name: t.tool, width: 'minmax(10rem, 1fr)', cell: ({ server, tool }) => `${server}/${tool}` },
    {
      name: t.purpose,
      width: 'minmax(8rem, 1fr)',
      cell: ({ purpose }) => (purpose === null ? '–' : termLabel(purpose)),
    },
    { name: t.basis, width: 'minmax(8rem, 1fr)', cell: ({ basis }) => basis ?? '–' },
    {
      name: t.outcome,
      width: '12rem',
      cell: ({ reason }) => <State of={reason === null ? 'allow' : 'deny'} label={reason ?? t.passed} />,
    },
    {
      name: t.entry,
      width: '5rem',
      cell: ({ entry }) => (
        <TextLink to="/log/$index" params={{ index: String(entry) }} className="mono">
          {entry}
        </TextLink>
      ),
    },
  ]
}
