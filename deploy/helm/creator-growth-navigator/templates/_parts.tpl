{{- define "cgn.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "cgn.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "cgn.labels" -}}
{{ include "cgn.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- /* Of a pod: what is the same for all of them. */ -}}
{{- define "cgn.pod" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 65534
  fsGroup: 65534
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
volumes:
  - name: secrets
    secret:
      secretName: {{ .root.Values.secretName }}
      defaultMode: 0440
      items:
      {{- $keys := list "cgn_secret_key" "cgn_database_url" "cgn_redis_url" }}
      {{- if eq .component "migrate" }}{{ $keys = append $keys "cgn_database_owner_url" }}{{ end }}
      {{- range concat $keys .root.Values.moreSecrets }}
        - {key: {{ . }}, path: {{ . }}}
      {{- end }}
  - name: tmp
    emptyDir: {sizeLimit: 2Gi}
  - name: data
    emptyDir: {sizeLimit: 1Gi}
{{- end }}

{{- define "cgn.container" -}}
name: {{ .component }}
image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}"
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
env:
  - {name: OPENBLAS_NUM_THREADS, value: "1"}
  - {name: CGN_WORKER_CONCURRENCY, value: {{ .root.Values.worker.concurrency | quote }}}
  {{- range $name, $value := .root.Values.settings }}
  - {name: CGN_{{ upper $name }}, value: {{ toString $value | quote }}}
  {{- end }}
volumeMounts:
  - {name: secrets, mountPath: /run/secrets, readOnly: true}
  - {name: tmp, mountPath: /tmp}
  - {name: data, mountPath: /data}
{{- end }}

{{- define "cgn.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "cgn.selector" . | nindent 8 }}
{{- end }}
