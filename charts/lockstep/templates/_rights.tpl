{{/*
The namespaces that apps are in, each with whether the daemon itself writes there, as it does for apps without a
ServiceAccount, and with the ServiceAccounts that it acts for.
*/}}
{{- define "lockstep.namespaces" -}}
{{- $found := dict -}}
{{- $own := false -}}
{{- range (fromYaml (include "lockstep.config" .)).apps -}}
{{- $namespace := .namespace | default "default" -}}
{{- $account := .serviceAccount | default "" -}}
{{- if not $account }}{{ $own = true }}{{ end -}}
{{- if and (contains "${APP}" $namespace) (not $.Values.rbac.namespaces) (has $.Values.rbac.mode (list "namespaced" "list")) -}}
{{- fail (printf "rbac.namespaces: missing; the namespace %q depends on the repository's folders, so list those that apps may write to" $namespace) -}}
{{- end -}}
{{- if not (contains "${APP}" $namespace) -}}
{{- $entry := get $found $namespace | default (dict "writes" false) -}}
{{- if not $account }}{{ $_ := set $entry "writes" true }}{{ end -}}
{{- $_ := set $found $namespace $entry -}}
{{- end -}}
{{- end -}}
{{- if .Values.rbac.namespaces -}}
{{- $wanted := dict -}}
{{- range .Values.rbac.namespaces }}{{ $_ := set $wanted . (get $found . | default (dict "writes" $own)) }}{{ end -}}
{{- $found = $wanted -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}

{{/* The ServiceAccounts that apps act as, by namespace. */}}
{{- define "lockstep.accounts" -}}
{{- $found := dict -}}
{{- $add := list -}}
{{- $given := list -}}
{{- range .Values.rbac.impersonate }}{{ $given = append $given .name }}{{ end -}}
{{- range (fromYaml (include "lockstep.config" .)).apps -}}
{{- if .serviceAccount -}}
{{- $parts := splitList "/" .serviceAccount -}}
{{- $namespace := .namespace | default "default" -}}
{{- if eq (len $parts) 2 }}{{ $namespace = first $parts }}{{ end -}}
{{- if not (contains "${APP}" $namespace) -}}
{{- $add = append $add (dict "namespace" $namespace "name" (last $parts)) -}}
{{- else if and (has $.Values.rbac.mode (list "namespaced" "list")) (not (has (last $parts) $given)) -}}
{{- fail (printf "rbac.impersonate: missing; the namespace %q depends on the repository's folders, so list where there is a ServiceAccount %s" $namespace (last $parts)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range concat $add (.Values.rbac.impersonate | default list) -}}
{{- $_ := set $found .namespace (append (get $found .namespace | default list) .name | uniq | sortAlpha) -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}

{{/* Reads that a verdict needs, of what workloads and Services bring forth, and what explains it. */}}
{{- define "lockstep.rules.read" -}}
- {apiGroups: [""], resources: [pods], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [pods/log], verbs: [get]}
- {apiGroups: [""], resources: [events, persistentvolumeclaims, services], verbs: [list, watch]}
- {apiGroups: [apps], resources: [controllerrevisions, replicasets], verbs: [list, watch]}
- {apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [list, watch]}
- {apiGroups: [batch], resources: [jobs], verbs: [list, watch]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}
{{- end -}}

{{/* Rights on kinds: dict "kinds" LIST "verbs" LIST "secrets" BOOL. */}}
{{- define "lockstep.rules.kinds" -}}
{{- $verbs := toJson .verbs -}}
{{- range .kinds }}
- {apiGroups: [{{ .apiGroup | quote }}], resources: {{ toJson .resources }}, verbs: {{ $verbs }}}
{{- end }}
{{- if .secrets }}
- {apiGroups: [""], resources: [secrets], verbs: {{ $verbs }}}
{{- end }}
{{- end -}}

{{- define "lockstep.subject" -}}
subjects:
- {kind: ServiceAccount, name: {{ include "lockstep.serviceAccount" . | quote }}, namespace: {{ .Release.Namespace | quote }}}
{{- end -}}
