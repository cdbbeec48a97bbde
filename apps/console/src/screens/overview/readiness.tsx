/** How far the installation is towards an audit, by what is measured. @module */
import { Group, List, Paper, Progress, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import { TextLink } from '../../parts/link.tsx'
import { Answer } from '../../parts/states.tsx'
import { State } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'

const t = words.overview
const COLOUR = { done: 'active', partly: 'waiting', open: 'open' } as const

export function Readiness() {
  const readiness = useQuery({ queryKey: ['readiness'], queryFn: () => said(api.GET('/v1/readiness')) })
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{t.readiness}</Title>
        <Answer of={readiness}>
          {({ day, whole, steps }) => (
            <>
              <Text size="sm">{t.day(day, whole.done, whole.of)}</Text>
              <Progress value={(whole.done / Math.max(1, whole.of)) * 100} aria-label={t.readiness} />
              <List listStyleType="none" spacing={6}>
                {steps.map(({ id, title, state, says }) => (
                  <List.Item key={id}>
                    <Group gap="xs" wrap="nowrap" align="flex-start">
                      <State of={COLOUR[state]} label={t.steps[state]} />
                      <Text size="sm">
                        {title}:{' '}
                        <Text span c="dimmed" inherit>
                          {says}
                        </Text>
                      </Text>
                    </Group>
                  </List.Item>
                ))}
              </List>
              <TextLink to="/evidence/readiness" size="sm">
                {t.toEvidence}
              </TextLink>
            </>
          )}
        </Answer>
      </Stack>
    </Paper>
  )
}
