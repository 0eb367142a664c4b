"""Every setting, from the environment: what there is (`deployment_settings`), where a value may stand (`environment_values`,
`secret_places`), which names are taken for misspelt (`setting_names`), and what is said of a wrong one (`setting_words`).

A command or server reads its settings by `read_settings`: whatever is wrong is a ConfigurationError that names the variable, what it has
to be and what helps, and never repeats a secret.
"""

from smart_app.settings.deployment_settings import InstrumentSettings, PublicSettings, Settings, read_settings
from smart_app.settings.environment_values import secret_variables, variable_of

__all__ = ["InstrumentSettings", "PublicSettings", "Settings", "read_settings", "secret_variables", "variable_of"]
