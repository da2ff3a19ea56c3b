{{- define "lockstep.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of most objects. It is a Service's as well: no dots, and a letter first. */}}
{{- define "lockstep.fullname" -}}
{{- $name := include "lockstep.name" . -}}
{{- $full := printf "%s-%s" .Release.Name $name -}}
{{- if contains $name .Release.Name }}{{ $full = .Release.Name }}{{ end -}}
{{- $full = .Values.fullnameOverride | default $full | replace "." "-" | trunc 53 | trimSuffix "-" -}}
{{- if regexMatch "^[0-9]" $full -}}
{{- fail (printf "fullnameOverride: missing; %q begins with a digit, and no Service may" $full) -}}
{{- end -}}
{{- $full -}}
{{- end -}}

{{/* What a Deployment selects by never changes: an upgrade could not. */}}
{{- define "lockstep.selector" -}}
app.kubernetes.io/name: lockstep
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "lockstep.labels" -}}
{{- $own := fromYaml (include "lockstep.selector" .) -}}
{{- $own = merge $own (dict
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service
  "app.kubernetes.io/part-of" "lockstep"
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")) -}}
{{- toYaml (merge $own (.Values.commonLabels | default dict)) -}}
{{- end -}}

{{/* Everything of an object's metadata but its name and its namespace. */}}
{{- define "lockstep.metadata" -}}
labels:
  {{- include "lockstep.labels" . | nindent 2 }}
{{- with .Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "lockstep.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "lockstep.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name: without serviceAccount.create, name an existing one" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "lockstep.image" -}}
{{- $image := printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- with .Values.image.digest }}{{ $image = printf "%s@%s" $image . }}{{ end -}}
{{- $image -}}
{{- end -}}

{{- define "lockstep.lease" -}}
{{- .Values.leaderElection.leaseName | default (include "lockstep.fullname" .) -}}
{{- end -}}

{{/* Nine tenths of a quantity of memory, in bytes: what is left is for what Go does not count. */}}
{{- define "lockstep.memory" -}}
{{- $text := toString . -}}
{{- if not (kindIs "string" .) }}{{ $text = int64 . | toString }}{{ end -}}
{{- $powers := dict "" 0 "k" 1 "M" 2 "G" 3 "T" 4 "P" 5 "E" 6 "Ki" 1 "Mi" 2 "Gi" 3 "Ti" 4 "Pi" 5 "Ei" 6 -}}
{{- $number := regexFind "^[0-9.]+([eE][0-9]+)?" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- $bytes := float64 $number -}}
{{- if eq $unit "m" }}{{ $bytes = divf $bytes 1000 }}{{ end -}}
{{- range until (get $powers $unit | default 0 | int) }}{{ $bytes = mulf $bytes (ternary 1024 1000 (hasSuffix "i" $unit)) }}{{ end -}}
{{- mulf (minf $bytes 4e18) 0.9 | floor | int64 -}}
{{- end -}}
