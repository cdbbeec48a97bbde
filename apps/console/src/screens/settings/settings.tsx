/** The parts of the settings, with what each is for. @module */
import { Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { TextLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { words } from '../../words/words.ts'
import { PARTS } from './frame.tsx'

const t = words.settings

export function Settings() {
  return (
    <Page title={t.title} lead={t.lead}>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {PARTS.map((part) => (
          <Paper key={part} withBorder p="md" component="section" aria-label={t.parts[part]}>
            <Stack gap={4}>
              <Title order={2}>
                <TextLink to={`/settings/${part}`} inherit>
                  {t.parts[part]}
                </TextLink>
              </Title>
              <Text size="sm">{t.about[part]}</Text>
            </Stack>
          </Paper>
        ))}
      </SimpleGrid>
    </Page>
  )
}
