"""``python -m deploy`` is the same as ``loihi-deploy``."""

from deploy.cli.main import main

if __name__ == "__main__":
    main()
