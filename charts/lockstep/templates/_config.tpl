{{/* The name of an installation's one app, which its repository has as well. A release's name may have dots. */}}
{{- define "lockstep.app" -}}
{{- .Values.app.name | default (replace "." "-" .Release.Name) -}}
{{- end -}}

{{/* The config file: the one that was given, or one of a single app. */}}
{{- define "lockstep.config" -}}
{{- $head := dict "apiVersion" "lockstep.dev/v1alpha1" "kind" "Config" -}}
{{- if and .Values.config .Values.repository.url -}}
{{- fail "repository.url and config are both there; want one of them" -}}
{{- else if .Values.config -}}
{{- $config := mergeOverwrite $head (deepCopy .Values.config) -}}
{{- range $config.notifications -}}
{{- if hasKey . "true" }}{{/* Helm takes the key on for a boolean */}}
{{- $_ := set . "on" (get . "true") -}}
{{- $_ := unset . "true" -}}
{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- else -}}
{{- $url := required "repository.url: missing; name the git repository, or give the whole config" .Values.repository.url -}}
{{- $name := include "lockstep.app" . -}}
{{- $repository := dict "name" $name "url" $url -}}
{{- range $key := list "interval" "timeout" "proxy" "ref" }}
{{- with get $.Values.repository $key }}{{ $_ := set $repository $key . }}{{ end -}}
{{- end -}}
{{- $credentials := .Values.repository.credentialsSecret -}}
{{- if and (not (regexMatch "^https?:" $url)) (not $credentials) -}}
{{- fail "repository.credentialsSecret: missing; ssh needs a Secret with identity and known_hosts" -}}
{{- else if and (hasPrefix "http:" $url) $credentials -}}
{{- fail "repository.credentialsSecret: credentials are not sent over http://, where anybody can read them; use https://" -}}
{{- end -}}
{{- with $credentials }}{{ $_ := set $repository "credentials" (dict "dir" (printf "/etc/lockstep/credentials/%s" $name)) }}{{ end -}}
{{- with .Values.repository.keysSecret }}{{ $_ := set $repository "verify" (dict "signatures" "required" "keys" (printf "/etc/lockstep/keys/%s" $name)) }}{{ end -}}
{{- if .Values.webhook.enabled -}}
{{- $_ := required "webhook.secret: missing; a webhook has to be signed" .Values.webhook.secret -}}
{{- $provider := required "webhook.provider: missing; say whose webhooks they are" .Values.webhook.provider -}}
{{- $_ := set $repository "webhook" (dict "provider" $provider "secretFile" (printf "/etc/lockstep/webhooks/%s/secret" $name)) -}}
{{- end -}}
{{- $app := dict "name" $name "repository" $name "path" .Values.path "namespace" (.Values.app.namespace | default .Release.Namespace) -}}
{{- toYaml (merge $head (dict "repositories" (list $repository) "apps" (list (merge $app (deepCopy (.Values.app.settings | default dict)))))) -}}
{{- end -}}
{{- end -}}

{{/* The Secrets to mount, by kind and folder. */}}
{{- define "lockstep.secrets" -}}
{{- $all := deepCopy .Values.secrets -}}
{{- $name := include "lockstep.app" . -}}
{{- if not .Values.config -}}
{{- with .Values.repository.credentialsSecret }}{{ $_ := set $all "credentials" (merge (dict $name .) ($all.credentials | default dict)) }}{{ end -}}
{{- with .Values.repository.keysSecret }}{{ $_ := set $all "keys" (merge (dict $name .) ($all.keys | default dict)) }}{{ end -}}
{{- if .Values.webhook.enabled -}}
{{- with .Values.webhook.secret }}{{ $_ := set $all "webhooks" (merge (dict $name .) ($all.webhooks | default dict)) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with (.Values.sync).tokenSecret }}{{ $_ := set $all "tokens" (dict "sync" .) }}{{ end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* The name of a Secret's volume: list KIND NAME. */}}
{{- define "lockstep.volume" -}}
{{- $name := join "-" . -}}
{{- if gt (len $name) 63 }}{{ $name = printf "%s-%s" (first .) (last . | sha256sum | trunc 16) }}{{ end -}}
{{- $name -}}
{{- end -}}

{{/* The ports that are reached: those of values, and those that the URLs of repositories, proxies, webhooks and collectors name, in env as well. */}}
{{- define "lockstep.ports" -}}
{{- $urls := list -}}
{{- $config := fromYaml (include "lockstep.config" .) -}}
{{- range concat ($config.repositories | default list) ($config.notifications | default list) -}}
{{- $urls = concat $urls (compact (list .url .proxy)) -}}
{{- end -}}
{{- range .Values.extraArgs -}}
{{- if hasPrefix "--otlp-endpoint=" . }}{{ $urls = append $urls (trimPrefix "--otlp-endpoint=" .) }}{{ end -}}
{{- end -}}
{{- range $name, $value := .Values.env -}}
{{- if regexMatch "^(https?|socks5h?)://" $value }}{{ $urls = append $urls $value }}
{{- else if and (regexMatch "(?i)^https?_proxy$" $name) $value }}{{ $urls = append $urls (printf "http://%s" $value) }}{{ end -}}
{{- end -}}
{{- $ports := list -}}
{{- range .Values.networkPolicy.ports }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- range $urls -}}
{{- $scheme := regexFind "^[a-z0-9]+://" . | default "ssh://" -}}
{{- $port := get (dict "http://" 80 "https://" 443 "ssh://" 22 "socks5://" 1080 "socks5h://" 1080) $scheme -}}
{{- with regexFind "^[a-z0-9]+://[^/]*:[0-9]+(/|$)" . }}{{ $port = regexFind ":[0-9]+/?$" . | trimAll ":/" | int }}{{ end -}}
{{- $ports = append $ports $port -}}
{{- end -}}
{{- toJson ($ports | uniq) -}}
{{- end -}}
