import './zod-without-eval.ts'
import './ui/tokens.css'
import './ui/base.css'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { applyRememberedAppearance } from './app/theme.ts'

applyRememberedAppearance()
const place = document.getElementById('root')
if (place) createRoot(place).render(<App />)
