"""Single sign-on: any OpenID Connect provider, and GitHub, through django-allauth."""
