/**
 * Members of the Kubernetes types, written by `fields/generate.go`: `name:type`, where a type is `s` string, `b` boolean,
 * `i` integer, `q` quantity, `x` integer or string, `y` bytes, `a` anything, `@` and the name of a line here, `[]` list
 * of, `{}` map of; `*` before it: kept unless null; `!` before it: always kept; else left out when zero.
 */
export const FIELD_TABLE: Readonly<Record<string, string>> = {
  "apps.Deployment": "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@apps.DeploymentSpec",
  "apps.DeploymentSpec":
    "replicas:*i selector:!@meta.LabelSelector template:!@core.PodTemplateSpec strategy:@apps.DeploymentStrategy minReadySeconds:i revisionHistoryLimit:*i paused:b progressDeadlineSeconds:*i",
  "apps.DeploymentStrategy": "type:s rollingUpdate:*@apps.RollingUpdateDeployment",
  "apps.RollingUpdateDeployment": "maxUnavailable:*x maxSurge:*x",
  "apps.RollingUpdateStatefulSetStrategy": "partition:*i maxUnavailable:*x",
  "apps.StatefulSet": "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@apps.StatefulSetSpec",
  "apps.StatefulSetOrdinals": "start:!i",
  "apps.StatefulSetPersistentVolumeClaimRetentionPolicy": "whenDeleted:s whenScaled:s",
  "apps.StatefulSetSpec":
    "replicas:*i selector:!@meta.LabelSelector template:!@core.PodTemplateSpec volumeClaimTemplates:[]@core.PersistentVolumeClaim serviceName:!s podManagementPolicy:s updateStrategy:@apps.StatefulSetUpdateStrategy revisionHistoryLimit:*i minReadySeconds:i persistentVolumeClaimRetentionPolicy:*@apps.StatefulSetPersistentVolumeClaimRetentionPolicy ordinals:*@apps.StatefulSetOrdinals",
  "apps.StatefulSetUpdateStrategy": "type:s rollingUpdate:*@apps.RollingUpdateStatefulSetStrategy",
  "autoscaling.ContainerResourceMetricSource":
    "name:!s target:!@autoscaling.MetricTarget container:!s",
  "autoscaling.CrossVersionObjectReference": "kind:!s name:!s apiVersion:s",
  "autoscaling.ExternalMetricSource":
    "metric:!@autoscaling.MetricIdentifier target:!@autoscaling.MetricTarget",
  "autoscaling.HPAScalingPolicy": "type:!s value:!i periodSeconds:!i",
  "autoscaling.HPAScalingRules":
    "stabilizationWindowSeconds:*i selectPolicy:*s policies:[]@autoscaling.HPAScalingPolicy tolerance:*q",
  "autoscaling.HorizontalPodAutoscaler":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@autoscaling.HorizontalPodAutoscalerSpec",
  "autoscaling.HorizontalPodAutoscalerBehavior":
    "scaleUp:*@autoscaling.HPAScalingRules scaleDown:*@autoscaling.HPAScalingRules",
  "autoscaling.HorizontalPodAutoscalerSpec":
    "scaleTargetRef:!@autoscaling.CrossVersionObjectReference minReplicas:*i maxReplicas:!i metrics:[]@autoscaling.MetricSpec behavior:*@autoscaling.HorizontalPodAutoscalerBehavior",
  "autoscaling.MetricIdentifier": "name:!s selector:*@meta.LabelSelector",
  "autoscaling.MetricSpec":
    "type:!s object:*@autoscaling.ObjectMetricSource pods:*@autoscaling.PodsMetricSource resource:*@autoscaling.ResourceMetricSource containerResource:*@autoscaling.ContainerResourceMetricSource external:*@autoscaling.ExternalMetricSource",
  "autoscaling.MetricTarget": "type:!s value:*q averageValue:*q averageUtilization:*i",
  "autoscaling.ObjectMetricSource":
    "describedObject:!@autoscaling.CrossVersionObjectReference target:!@autoscaling.MetricTarget metric:!@autoscaling.MetricIdentifier",
  "autoscaling.PodsMetricSource":
    "metric:!@autoscaling.MetricIdentifier target:!@autoscaling.MetricTarget",
  "autoscaling.ResourceMetricSource": "name:!s target:!@autoscaling.MetricTarget",
  "batch.Job": "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@batch.JobSpec",
  "batch.JobSchedulingConfiguration":
    "schedulingPolicy:*@scheduling.WorkloadPodGroupSchedulingPolicy schedulingConstraints:*@scheduling.WorkloadPodGroupSchedulingConstraints disruptionMode:*@scheduling.WorkloadPodGroupDisruptionMode resourceClaims:[]@scheduling.WorkloadPodGroupResourceClaim",
  "batch.JobSpec":
    "parallelism:*i completions:*i activeDeadlineSeconds:*i podFailurePolicy:*@batch.PodFailurePolicy successPolicy:*@batch.SuccessPolicy backoffLimit:*i backoffLimitPerIndex:*i maxFailedIndexes:*i selector:*@meta.LabelSelector manualSelector:*b template:!@core.PodTemplateSpec ttlSecondsAfterFinished:*i completionMode:*s suspend:*b podReplacementPolicy:*s managedBy:*s scheduling:*@batch.JobSchedulingConfiguration",
  "batch.PodFailurePolicy": "rules:![]@batch.PodFailurePolicyRule",
  "batch.PodFailurePolicyOnExitCodesRequirement": "containerName:*s operator:!s values:![]i",
  "batch.PodFailurePolicyOnPodConditionsPattern": "type:!s",
  "batch.PodFailurePolicyRule":
    "action:!s onExitCodes:*@batch.PodFailurePolicyOnExitCodesRequirement onPodConditions:[]@batch.PodFailurePolicyOnPodConditionsPattern",
  "batch.SuccessPolicy": "rules:![]@batch.SuccessPolicyRule",
  "batch.SuccessPolicyRule": "succeededIndexes:*s succeededCount:*i",
  "core.AWSElasticBlockStoreVolumeSource": "volumeID:!s fsType:s partition:i readOnly:b",
  "core.Affinity":
    "nodeAffinity:*@core.NodeAffinity podAffinity:*@core.PodAffinity podAntiAffinity:*@core.PodAntiAffinity",
  "core.AppArmorProfile": "type:!s localhostProfile:*s",
  "core.AzureDiskVolumeSource":
    "diskName:!s diskURI:!s cachingMode:*s fsType:*s readOnly:*b kind:*s",
  "core.AzureFileVolumeSource": "secretName:!s shareName:!s readOnly:b",
  "core.CSIVolumeSource":
    "driver:!s readOnly:*b fsType:*s volumeAttributes:{}s nodePublishSecretRef:*@core.LocalObjectReference",
  "core.Capabilities": "add:[]s drop:[]s",
  "core.CephFSVolumeSource":
    "monitors:![]s path:s user:s secretFile:s secretRef:*@core.LocalObjectReference readOnly:b",
  "core.CinderVolumeSource":
    "volumeID:!s fsType:s readOnly:b secretRef:*@core.LocalObjectReference",
  "core.ClientIPConfig": "timeoutSeconds:*i",
  "core.ClusterTrustBundleProjection":
    "name:*s signerName:*s labelSelector:*@meta.LabelSelector optional:*b path:!s user:*i",
  "core.ConfigMap":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta immutable:*b data:{}s binaryData:{}y",
  "core.ConfigMapEnvSource": "name:s optional:*b",
  "core.ConfigMapKeySelector": "name:s key:!s optional:*b",
  "core.ConfigMapProjection": "name:s items:[]@core.KeyToPath optional:*b",
  "core.ConfigMapVolumeSource":
    "name:s items:[]@core.KeyToPath defaultMode:*i optional:*b defaultUser:*i",
  "core.Container":
    "name:!s image:s command:[]s args:[]s workingDir:s ports:[]@core.ContainerPort envFrom:[]@core.EnvFromSource env:[]@core.EnvVar resources:@core.ResourceRequirements resizePolicy:[]@core.ContainerResizePolicy restartPolicy:*s restartPolicyRules:[]@core.ContainerRestartRule volumeMounts:[]@core.VolumeMount volumeDevices:[]@core.VolumeDevice livenessProbe:*@core.Probe readinessProbe:*@core.Probe startupProbe:*@core.Probe lifecycle:*@core.Lifecycle terminationMessagePath:s terminationMessagePolicy:s imagePullPolicy:s securityContext:*@core.SecurityContext stdin:b stdinOnce:b tty:b",
  "core.ContainerPort": "name:s hostPort:i containerPort:!i protocol:s hostIP:s",
  "core.ContainerResizePolicy": "resourceName:!s restartPolicy:!s",
  "core.ContainerRestartRule": "action:s exitCodes:*@core.ContainerRestartRuleOnExitCodes",
  "core.ContainerRestartRuleOnExitCodes": "operator:s values:[]i",
  "core.DownwardAPIProjection": "items:[]@core.DownwardAPIVolumeFile",
  "core.DownwardAPIVolumeFile":
    "path:!s fieldRef:*@core.ObjectFieldSelector resourceFieldRef:*@core.ResourceFieldSelector mode:*i user:*i",
  "core.DownwardAPIVolumeSource":
    "items:[]@core.DownwardAPIVolumeFile defaultMode:*i defaultUser:*i",
  "core.EmptyDirVolumeSource": "medium:s sizeLimit:*q mode:*i",
  "core.EnvFromSource":
    "prefix:s configMapRef:*@core.ConfigMapEnvSource secretRef:*@core.SecretEnvSource",
  "core.EnvVar": "name:!s value:s valueFrom:*@core.EnvVarSource",
  "core.EnvVarSource":
    "fieldRef:*@core.ObjectFieldSelector resourceFieldRef:*@core.ResourceFieldSelector configMapKeyRef:*@core.ConfigMapKeySelector secretKeyRef:*@core.SecretKeySelector fileKeyRef:*@core.FileKeySelector",
  "core.EphemeralContainer":
    "name:!s image:s command:[]s args:[]s workingDir:s ports:[]@core.ContainerPort envFrom:[]@core.EnvFromSource env:[]@core.EnvVar resources:@core.ResourceRequirements resizePolicy:[]@core.ContainerResizePolicy restartPolicy:*s restartPolicyRules:[]@core.ContainerRestartRule volumeMounts:[]@core.VolumeMount volumeDevices:[]@core.VolumeDevice livenessProbe:*@core.Probe readinessProbe:*@core.Probe startupProbe:*@core.Probe lifecycle:*@core.Lifecycle terminationMessagePath:s terminationMessagePolicy:s imagePullPolicy:s securityContext:*@core.SecurityContext stdin:b stdinOnce:b tty:b targetContainerName:s",
  "core.EphemeralVolumeSource": "volumeClaimTemplate:*@core.PersistentVolumeClaimTemplate",
  "core.EvictionResponder": "name:!s priority:!i",
  "core.ExecAction": "command:[]s",
  "core.FCVolumeSource": "targetWWNs:[]s lun:*i fsType:s readOnly:b wwids:[]s",
  "core.FileKeySelector": "volumeName:!s path:!s key:!s optional:*b",
  "core.FlexVolumeSource":
    "driver:!s fsType:s secretRef:*@core.LocalObjectReference readOnly:b options:{}s",
  "core.FlockerVolumeSource": "datasetName:s datasetUUID:s",
  "core.GCEPersistentDiskVolumeSource": "pdName:!s fsType:s partition:i readOnly:b",
  "core.GRPCAction": "port:!i service:!s mode:*s",
  "core.GitRepoVolumeSource": "repository:!s revision:s directory:s",
  "core.GlusterfsVolumeSource": "endpoints:!s path:!s readOnly:b",
  "core.HTTPGetAction": "path:s port:!x host:s scheme:s httpHeaders:[]@core.HTTPHeader protocol:*s",
  "core.HTTPHeader": "name:!s value:!s",
  "core.HostAlias": "ip:!s hostnames:[]s",
  "core.HostPathVolumeSource": "path:!s type:*s",
  "core.ISCSIVolumeSource":
    "targetPortal:!s iqn:!s lun:!i iscsiInterface:s fsType:s readOnly:b portals:[]s chapAuthDiscovery:b chapAuthSession:b secretRef:*@core.LocalObjectReference initiatorName:*s",
  "core.ImageVolumeSource": "reference:s pullPolicy:s",
  "core.KeyToPath": "key:!s path:!s mode:*i user:*i",
  "core.Lifecycle":
    "postStart:*@core.LifecycleHandler preStop:*@core.LifecycleHandler stopSignal:*s",
  "core.LifecycleHandler":
    "exec:*@core.ExecAction httpGet:*@core.HTTPGetAction tcpSocket:*@core.TCPSocketAction sleep:*@core.SleepAction",
  "core.LimitRange": "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@core.LimitRangeSpec",
  "core.LimitRangeItem":
    "type:!s max:{}q min:{}q default:{}q defaultRequest:{}q maxLimitRequestRatio:{}q",
  "core.LimitRangeSpec": "limits:![]@core.LimitRangeItem",
  "core.LocalObjectReference": "name:s",
  "core.NFSVolumeSource": "server:!s path:!s readOnly:b",
  "core.Namespace": "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@core.NamespaceSpec",
  "core.NamespaceSpec": "finalizers:[]s",
  "core.NodeAffinity":
    "requiredDuringSchedulingIgnoredDuringExecution:*@core.NodeSelector preferredDuringSchedulingIgnoredDuringExecution:[]@core.PreferredSchedulingTerm",
  "core.NodeSelector": "nodeSelectorTerms:![]@core.NodeSelectorTerm",
  "core.NodeSelectorRequirement": "key:!s operator:!s values:[]s",
  "core.NodeSelectorTerm":
    "matchExpressions:[]@core.NodeSelectorRequirement matchFields:[]@core.NodeSelectorRequirement",
  "core.ObjectFieldSelector": "apiVersion:s fieldPath:!s",
  "core.ObjectReference":
    "kind:s namespace:s name:s uid:s apiVersion:s resourceVersion:s fieldPath:s",
  "core.PersistentVolumeClaim":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@core.PersistentVolumeClaimSpec",
  "core.PersistentVolumeClaimSpec":
    "accessModes:[]s selector:*@meta.LabelSelector resources:@core.VolumeResourceRequirements volumeName:s storageClassName:*s volumeMode:*s dataSource:*@core.TypedLocalObjectReference dataSourceRef:*@core.TypedObjectReference volumeAttributesClassName:*s",
  "core.PersistentVolumeClaimTemplate":
    "metadata:@meta.ObjectMeta spec:!@core.PersistentVolumeClaimSpec",
  "core.PersistentVolumeClaimVolumeSource": "claimName:!s readOnly:b",
  "core.PhotonPersistentDiskVolumeSource": "pdID:!s fsType:s",
  "core.PodAffinity":
    "requiredDuringSchedulingIgnoredDuringExecution:[]@core.PodAffinityTerm preferredDuringSchedulingIgnoredDuringExecution:[]@core.WeightedPodAffinityTerm",
  "core.PodAffinityTerm":
    "labelSelector:*@meta.LabelSelector namespaces:[]s topologyKey:!s namespaceSelector:*@meta.LabelSelector matchLabelKeys:[]s mismatchLabelKeys:[]s",
  "core.PodAntiAffinity":
    "requiredDuringSchedulingIgnoredDuringExecution:[]@core.PodAffinityTerm preferredDuringSchedulingIgnoredDuringExecution:[]@core.WeightedPodAffinityTerm",
  "core.PodCertificateProjection":
    "signerName:s keyType:s maxExpirationSeconds:*i credentialBundlePath:s keyPath:s certificateChainPath:s userAnnotations:{}s user:*i",
  "core.PodDNSConfig": "nameservers:[]s searches:[]s options:[]@core.PodDNSConfigOption",
  "core.PodDNSConfigOption": "name:s value:*s",
  "core.PodOS": "name:!s",
  "core.PodReadinessGate": "conditionType:!s",
  "core.PodResourceClaim": "name:!s resourceClaimName:*s resourceClaimTemplateName:*s",
  "core.PodSchedulingGate": "name:!s",
  "core.PodSchedulingGroup": "podGroupName:*s",
  "core.PodSecurityContext":
    "seLinuxOptions:*@core.SELinuxOptions windowsOptions:*@core.WindowsSecurityContextOptions runAsUser:*i runAsGroup:*i runAsNonRoot:*b supplementalGroups:[]i supplementalGroupsPolicy:*s fsGroup:*i sysctls:[]@core.Sysctl fsGroupChangePolicy:*s seccompProfile:*@core.SeccompProfile appArmorProfile:*@core.AppArmorProfile seLinuxChangePolicy:*s",
  "core.PodSpec":
    "volumes:[]@core.Volume initContainers:[]@core.Container containers:![]@core.Container ephemeralContainers:[]@core.EphemeralContainer restartPolicy:s terminationGracePeriodSeconds:*i activeDeadlineSeconds:*i dnsPolicy:s nodeSelector:{}s serviceAccountName:s serviceAccount:s automountServiceAccountToken:*b nodeName:s hostNetwork:b hostPID:b hostIPC:b shareProcessNamespace:*b securityContext:*@core.PodSecurityContext imagePullSecrets:[]@core.LocalObjectReference hostname:s subdomain:s affinity:*@core.Affinity schedulerName:s tolerations:[]@core.Toleration hostAliases:[]@core.HostAlias priorityClassName:s priority:*i dnsConfig:*@core.PodDNSConfig readinessGates:[]@core.PodReadinessGate runtimeClassName:*s enableServiceLinks:*b preemptionPolicy:*s overhead:{}q topologySpreadConstraints:[]@core.TopologySpreadConstraint setHostnameAsFQDN:*b os:*@core.PodOS hostUsers:*b schedulingGates:[]@core.PodSchedulingGate resourceClaims:[]@core.PodResourceClaim resources:*@core.ResourceRequirements hostnameOverride:*s schedulingGroup:*@core.PodSchedulingGroup evictionResponders:[]@core.EvictionResponder",
  "core.PodTemplateSpec": "metadata:@meta.ObjectMeta spec:@core.PodSpec",
  "core.PortworxVolumeSource": "volumeID:!s fsType:s readOnly:b",
  "core.PreferredSchedulingTerm": "weight:!i preference:!@core.NodeSelectorTerm",
  "core.Probe":
    "exec:*@core.ExecAction httpGet:*@core.HTTPGetAction tcpSocket:*@core.TCPSocketAction grpc:*@core.GRPCAction initialDelaySeconds:i timeoutSeconds:i periodSeconds:i successThreshold:i failureThreshold:i terminationGracePeriodSeconds:*i",
  "core.ProjectedVolumeSource": "sources:![]@core.VolumeProjection defaultMode:*i defaultUser:*i",
  "core.QuobyteVolumeSource": "registry:!s volume:!s readOnly:b user:s group:s tenant:s",
  "core.RBDVolumeSource":
    "monitors:![]s image:!s fsType:s pool:s user:s keyring:s secretRef:*@core.LocalObjectReference readOnly:b",
  "core.ResourceClaim": "name:!s request:s",
  "core.ResourceFieldSelector": "containerName:s resource:!s divisor:q",
  "core.ResourceQuota":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@core.ResourceQuotaSpec",
  "core.ResourceQuotaSpec": "hard:{}q scopes:[]s scopeSelector:*@core.ScopeSelector",
  "core.ResourceRequirements": "limits:{}q requests:{}q claims:[]@core.ResourceClaim",
  "core.SELinuxOptions": "user:s role:s type:s level:s",
  "core.ScaleIOVolumeSource":
    "gateway:!s system:!s secretRef:!@core.LocalObjectReference sslEnabled:b protectionDomain:s storagePool:s storageMode:s volumeName:s fsType:s readOnly:b",
  "core.ScopeSelector": "matchExpressions:[]@core.ScopedResourceSelectorRequirement",
  "core.ScopedResourceSelectorRequirement": "scopeName:!s operator:!s values:[]s",
  "core.SeccompProfile": "type:!s localhostProfile:*s",
  "core.Secret":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta immutable:*b data:{}y stringData:{}s type:s",
  "core.SecretEnvSource": "name:s optional:*b",
  "core.SecretKeySelector": "name:s key:!s optional:*b",
  "core.SecretProjection": "name:s items:[]@core.KeyToPath optional:*b",
  "core.SecretVolumeSource":
    "secretName:s items:[]@core.KeyToPath defaultMode:*i optional:*b defaultUser:*i",
  "core.SecurityContext":
    "capabilities:*@core.Capabilities privileged:*b seLinuxOptions:*@core.SELinuxOptions windowsOptions:*@core.WindowsSecurityContextOptions runAsUser:*i runAsGroup:*i runAsNonRoot:*b readOnlyRootFilesystem:*b allowPrivilegeEscalation:*b procMount:*s seccompProfile:*@core.SeccompProfile appArmorProfile:*@core.AppArmorProfile",
  "core.Service": "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@core.ServiceSpec",
  "core.ServiceAccount":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta secrets:[]@core.ObjectReference imagePullSecrets:[]@core.LocalObjectReference automountServiceAccountToken:*b",
  "core.ServiceAccountTokenProjection": "audience:s expirationSeconds:*i path:!s user:*i",
  "core.ServicePort": "name:s protocol:s appProtocol:*s port:!i targetPort:x nodePort:i",
  "core.ServiceSpec":
    "ports:[]@core.ServicePort selector:{}s clusterIP:s clusterIPs:[]s type:s externalIPs:[]s sessionAffinity:s loadBalancerIP:s loadBalancerSourceRanges:[]s externalName:s externalTrafficPolicy:s healthCheckNodePort:i publishNotReadyAddresses:b sessionAffinityConfig:*@core.SessionAffinityConfig ipFamilies:[]s ipFamilyPolicy:*s allocateLoadBalancerNodePorts:*b loadBalancerClass:*s internalTrafficPolicy:*s trafficDistribution:*s",
  "core.SessionAffinityConfig": "clientIP:*@core.ClientIPConfig",
  "core.SleepAction": "seconds:!i",
  "core.StorageOSVolumeSource":
    "volumeName:s volumeNamespace:s fsType:s readOnly:b secretRef:*@core.LocalObjectReference",
  "core.Sysctl": "name:!s value:!s",
  "core.TCPSocketAction": "port:!x host:s",
  "core.Toleration": "key:s operator:s value:s effect:s tolerationSeconds:*i",
  "core.TopologySpreadConstraint":
    "maxSkew:!i topologyKey:!s whenUnsatisfiable:!s labelSelector:*@meta.LabelSelector minDomains:*i nodeAffinityPolicy:*s nodeTaintsPolicy:*s matchLabelKeys:[]s",
  "core.TypedLocalObjectReference": "apiGroup:!s kind:!s name:!s",
  "core.TypedObjectReference": "apiGroup:!s kind:!s name:!s namespace:*s",
  "core.Volume":
    "name:!s hostPath:*@core.HostPathVolumeSource emptyDir:*@core.EmptyDirVolumeSource gcePersistentDisk:*@core.GCEPersistentDiskVolumeSource awsElasticBlockStore:*@core.AWSElasticBlockStoreVolumeSource gitRepo:*@core.GitRepoVolumeSource secret:*@core.SecretVolumeSource nfs:*@core.NFSVolumeSource iscsi:*@core.ISCSIVolumeSource glusterfs:*@core.GlusterfsVolumeSource persistentVolumeClaim:*@core.PersistentVolumeClaimVolumeSource rbd:*@core.RBDVolumeSource flexVolume:*@core.FlexVolumeSource cinder:*@core.CinderVolumeSource cephfs:*@core.CephFSVolumeSource flocker:*@core.FlockerVolumeSource downwardAPI:*@core.DownwardAPIVolumeSource fc:*@core.FCVolumeSource azureFile:*@core.AzureFileVolumeSource configMap:*@core.ConfigMapVolumeSource vsphereVolume:*@core.VsphereVirtualDiskVolumeSource quobyte:*@core.QuobyteVolumeSource azureDisk:*@core.AzureDiskVolumeSource photonPersistentDisk:*@core.PhotonPersistentDiskVolumeSource projected:*@core.ProjectedVolumeSource portworxVolume:*@core.PortworxVolumeSource scaleIO:*@core.ScaleIOVolumeSource storageos:*@core.StorageOSVolumeSource csi:*@core.CSIVolumeSource ephemeral:*@core.EphemeralVolumeSource image:*@core.ImageVolumeSource",
  "core.VolumeDevice": "name:!s devicePath:!s",
  "core.VolumeMount":
    "name:!s readOnly:b recursiveReadOnly:*s mountPath:!s subPath:s mountPropagation:*s subPathExpr:s bindMountOptions:[]s",
  "core.VolumeProjection":
    "secret:*@core.SecretProjection downwardAPI:*@core.DownwardAPIProjection configMap:*@core.ConfigMapProjection serviceAccountToken:*@core.ServiceAccountTokenProjection clusterTrustBundle:*@core.ClusterTrustBundleProjection podCertificate:*@core.PodCertificateProjection",
  "core.VolumeResourceRequirements": "limits:{}q requests:{}q",
  "core.VsphereVirtualDiskVolumeSource":
    "volumePath:!s fsType:s storagePolicyName:s storagePolicyID:s",
  "core.WeightedPodAffinityTerm": "weight:!i podAffinityTerm:!@core.PodAffinityTerm",
  "core.WindowsSecurityContextOptions":
    "gmsaCredentialSpecName:*s gmsaCredentialSpec:*s runAsUserName:*s hostProcess:*b",
  "meta.LabelSelector": "matchLabels:{}s matchExpressions:[]@meta.LabelSelectorRequirement",
  "meta.LabelSelectorRequirement": "key:!s operator:!s values:[]s",
  "meta.ObjectMeta":
    "name:s generateName:s namespace:s selfLink:s uid:s resourceVersion:s generation:i creationTimestamp:a deletionTimestamp:*a deletionGracePeriodSeconds:*i labels:{}s annotations:{}s ownerReferences:[]@meta.OwnerReference finalizers:[]s",
  "meta.OwnerReference": "apiVersion:!s kind:!s name:!s uid:!s controller:*b blockOwnerDeletion:*b",
  "networking.HTTPIngressPath": "path:s pathType:!s backend:!@networking.IngressBackend",
  "networking.HTTPIngressRuleValue": "paths:![]@networking.HTTPIngressPath",
  "networking.IPBlock": "cidr:!s except:[]s",
  "networking.Ingress":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@networking.IngressSpec",
  "networking.IngressBackend":
    "service:*@networking.IngressServiceBackend resource:*@core.TypedLocalObjectReference",
  "networking.IngressRule": "host:s http:*@networking.HTTPIngressRuleValue",
  "networking.IngressServiceBackend": "name:!s port:@networking.ServiceBackendPort",
  "networking.IngressSpec":
    "ingressClassName:*s defaultBackend:*@networking.IngressBackend tls:[]@networking.IngressTLS rules:[]@networking.IngressRule",
  "networking.IngressTLS": "hosts:[]s secretName:s",
  "networking.NetworkPolicy":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@networking.NetworkPolicySpec",
  "networking.NetworkPolicyEgressRule":
    "ports:[]@networking.NetworkPolicyPort to:[]@networking.NetworkPolicyPeer",
  "networking.NetworkPolicyIngressRule":
    "ports:[]@networking.NetworkPolicyPort from:[]@networking.NetworkPolicyPeer",
  "networking.NetworkPolicyPeer":
    "podSelector:*@meta.LabelSelector namespaceSelector:*@meta.LabelSelector ipBlock:*@networking.IPBlock",
  "networking.NetworkPolicyPort": "protocol:*s port:*x endPort:*i",
  "networking.NetworkPolicySpec":
    "podSelector:!@meta.LabelSelector ingress:[]@networking.NetworkPolicyIngressRule egress:[]@networking.NetworkPolicyEgressRule policyTypes:[]s",
  "networking.ServiceBackendPort": "name:s number:i",
  "policy.PodDisruptionBudget":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta spec:@policy.PodDisruptionBudgetSpec",
  "policy.PodDisruptionBudgetSpec":
    "minAvailable:*x selector:*@meta.LabelSelector maxUnavailable:*x unhealthyPodEvictionPolicy:*s",
  "rbac.AggregationRule": "clusterRoleSelectors:[]@meta.LabelSelector",
  "rbac.ClusterRole":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta rules:![]@rbac.PolicyRule aggregationRule:*@rbac.AggregationRule",
  "rbac.ClusterRoleBinding":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta subjects:[]@rbac.Subject roleRef:!@rbac.RoleRef",
  "rbac.PolicyRule": "verbs:![]s apiGroups:[]s resources:[]s resourceNames:[]s nonResourceURLs:[]s",
  "rbac.Role": "kind:s apiVersion:s metadata:@meta.ObjectMeta rules:![]@rbac.PolicyRule",
  "rbac.RoleBinding":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta subjects:[]@rbac.Subject roleRef:!@rbac.RoleRef",
  "rbac.RoleRef": "apiGroup:!s kind:!s name:!s",
  "rbac.Subject": "kind:!s apiGroup:s name:!s namespace:s",
  "scheduling.PriorityClass":
    "kind:s apiVersion:s metadata:@meta.ObjectMeta value:!i globalDefault:b description:s preemptionPolicy:*s",
  "scheduling.TopologyConstraint": "key:!s",
  "scheduling.WorkloadPodGroupAllDisruptionMode": "",
  "scheduling.WorkloadPodGroupBasicSchedulingPolicy": "",
  "scheduling.WorkloadPodGroupDisruptionMode":
    "single:*@scheduling.WorkloadPodGroupSingleDisruptionMode all:*@scheduling.WorkloadPodGroupAllDisruptionMode",
  "scheduling.WorkloadPodGroupGangSchedulingPolicy": "minCount:*i",
  "scheduling.WorkloadPodGroupResourceClaim":
    "name:!s resourceClaimName:*s resourceClaimTemplateName:*s",
  "scheduling.WorkloadPodGroupSchedulingConstraints": "topology:[]@scheduling.TopologyConstraint",
  "scheduling.WorkloadPodGroupSchedulingPolicy":
    "basic:*@scheduling.WorkloadPodGroupBasicSchedulingPolicy gang:*@scheduling.WorkloadPodGroupGangSchedulingPolicy",
  "scheduling.WorkloadPodGroupSingleDisruptionMode": "",
};
