import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The console is served by the control plane under /console/; `npm run dev:console` passes API calls on to one. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // Those that know `light-dark()`: made older, it would follow another property than the theme's.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ['/v1', '/.well-known', '/healthz'].map((path) => [
        path,
        process.env['CONTROL_PLANE'] ?? 'http://localhost:8787',
      ]),
    ),
  },
})
