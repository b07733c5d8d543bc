"""Running the platform: pages of the process itself, the worker, the development server, migrations, documents."""
