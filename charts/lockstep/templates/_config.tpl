{{/* The name of an installation's one app, which its repository has as well. */}}
{{- define "lockstep.app" -}}
{{- .Values.app.name | default .Release.Name -}}
{{- end -}}

{{/* The config file: the one that was given, or one of a single app. */}}
{{- define "lockstep.config" -}}
{{- $head := dict "apiVersion" "lockstep.dev/v1alpha1" "kind" "Config" -}}
{{- if and .Values.config .Values.repository.url -}}
{{- fail "repository.url and config are both there; want one of them" -}}
{{- else if .Values.config -}}
{{- toYaml (mergeOverwrite $head (deepCopy .Values.config)) -}}
{{- else -}}
{{- $url := required "repository.url: missing; name the git repository, or give the whole config" .Values.repository.url -}}
{{- $name := include "lockstep.app" . -}}
{{- $repository := dict "name" $name "url" $url "interval" .Values.repository.interval -}}
{{- with .Values.repository.ref }}{{ $_ := set $repository "ref" . }}{{ end -}}
{{- with .Values.repository.credentialsSecret }}{{ $_ := set $repository "credentials" (dict "dir" (printf "/etc/lockstep/credentials/%s" $name)) }}{{ end -}}
{{- with .Values.repository.keysSecret }}{{ $_ := set $repository "verify" (dict "signatures" "required" "keys" (printf "/etc/lockstep/keys/%s" $name)) }}{{ end -}}
{{- if and .Values.webhook.enabled .Values.webhook.secret -}}
{{- $provider := required "webhook.provider: missing; say whose webhooks they are" .Values.webhook.provider -}}
{{- $_ := set $repository "webhook" (dict "provider" $provider "secretFile" (printf "/etc/lockstep/webhooks/%s/secret" $name)) -}}
{{- end -}}
{{- $app := dict "name" $name "repository" $name "path" .Values.path "namespace" (.Values.app.namespace | default .Release.Namespace) -}}
{{- toYaml (merge $head (dict "repositories" (list $repository) "apps" (list (merge $app (deepCopy .Values.app.settings))))) -}}
{{- end -}}
{{- end -}}

{{/* The Secrets to mount, by kind and folder. */}}
{{- define "lockstep.secrets" -}}
{{- $all := deepCopy .Values.secrets -}}
{{- $name := include "lockstep.app" . -}}
{{- if not .Values.config -}}
{{- with .Values.repository.credentialsSecret }}{{ $_ := set $all "credentials" (merge (dict $name .) $all.credentials) }}{{ end -}}
{{- with .Values.repository.keysSecret }}{{ $_ := set $all "keys" (merge (dict $name .) $all.keys) }}{{ end -}}
{{- with .Values.webhook.secret }}{{ $_ := set $all "webhooks" (merge (dict $name .) $all.webhooks) }}{{ end -}}
{{- end -}}
{{- with .Values.sync.tokenSecret }}{{ $_ := set $all "tokens" (dict "sync" .) }}{{ end -}}
{{- toYaml $all -}}
{{- end -}}
