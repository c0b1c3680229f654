import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import { CodeTabs } from './code-tabs.ts'
import { MermaidDiagram } from './mermaid-diagram.ts'
import './style.css'

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('CodeTabs', CodeTabs).component('MermaidDiagram', MermaidDiagram)
  },
}

export default theme
