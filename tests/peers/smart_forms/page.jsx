// The Smart Forms renderer on a page of its own, as its documentation shows it; the Questionnaire stands in the page.
import { createRoot } from 'react-dom/client';
import { QueryClientProvider } from '@tanstack/react-query';
import { BaseRenderer, RendererThemeProvider, useBuildForm, useRendererQueryClient } from '@aehrc/smart-forms-renderer';

const questionnaire = JSON.parse(document.getElementById('questionnaire').textContent);

function Form() {
  const client = useRendererQueryClient();
  const building = useBuildForm({ questionnaire });
  return building ? <p>Loading</p> : (
    <RendererThemeProvider>
      <QueryClientProvider client={client}>
        <BaseRenderer />
      </QueryClientProvider>
    </RendererThemeProvider>
  );
}

createRoot(document.getElementById('form')).render(<Form />);
