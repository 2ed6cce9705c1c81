// Backstage's pages as an adopter has them: released packages, and nothing else.
import { createApp } from '@backstage/frontend-defaults';
import catalog from '@backstage/plugin-catalog/alpha';
import graph from '@backstage/plugin-catalog-graph/alpha';
import scaffolder from '@backstage/plugin-scaffolder/alpha';
import '@backstage/ui/css/styles.css';
import { createRoot } from 'react-dom/client';

const app = createApp({ features: [catalog, graph, scaffolder] });
createRoot(document.getElementById('root')).render(app.createRoot());
